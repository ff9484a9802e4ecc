"""Rivals that see the same strings: lags and regressors, past answers run free, state merging.

Every rival is fitted on 60 strings of 30 samples and answers fresh strings of 300 samples from
their streams alone. Whole answers with few values are learnt as classes where the method can.
A rival whose package is missing is left out by name.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np

from .drawing import Answers
from .measuring import Outcome, drawn, share_right

__all__ = ["RIVALS", "Rival", "is_there", "rival_outcome"]

LAGS = 8
"""Samples of every stream that a method with a window sees, the present one included."""

PAST = 2
"""Answers of its own that a method run free sees."""

CLASSES = 12
"""Whole answers with at most so many values are classes."""

Learner = Callable[[dict, np.ndarray, dict], np.ndarray]


@dataclass(frozen=True)
class Rival:
    """A method: from streams, answers of one output and fresh streams to fresh answers."""

    name: str
    package: str
    learner: Learner
    seconds: float = 60.0


# -------------------- windows --------------------


def windows(streams: Mapping[str, np.ndarray], lags: int = LAGS) -> np.ndarray:
    """The last samples of all streams, (strings, samples, streams times lags); zero before."""
    columns = []
    for stream in streams.values():
        padded = np.pad(stream, ((0, 0), (lags - 1, 0)))
        columns += [padded[:, lags - 1 - k : padded.shape[1] - k] for k in range(lags)]
    return np.stack(columns, axis=-1)


def rows(window: np.ndarray) -> np.ndarray:
    """Strings one after the other."""
    return window.reshape(-1, window.shape[-1])


def is_classes(answers: np.ndarray) -> bool:
    """Whether answers are whole and few."""
    return bool(np.all(answers == np.round(answers))) and len(np.unique(answers)) <= CLASSES


def on_lags(classifier: str, regressor: str, **settings) -> Learner:
    """A method of scikit-learn on windows of the streams."""

    def learner(streams, answers, fresh):
        model = _sklearn(classifier if is_classes(answers) else regressor, settings)
        model.fit(rows(windows(streams)), answers.ravel())
        return model.predict(rows(windows(fresh))).reshape(next(iter(fresh.values())).shape)

    return learner


def run_free(classifier: str, regressor: str, **settings) -> Learner:
    """A method that learns with the true past answers and then has to live on its own."""

    def learner(streams, answers, fresh):
        model = _sklearn(classifier if is_classes(answers) else regressor, settings)
        past = windows({"y": answers}, PAST + 1)[..., 1:]
        model.fit(rows(np.concatenate([windows(streams), past], axis=-1)), answers.ravel())
        window = windows(fresh)
        own = np.zeros((len(window), PAST))
        found = np.zeros(window.shape[:2])
        for t in range(window.shape[1]):
            found[:, t] = model.predict(np.concatenate([window[:, t], own], axis=-1))
            own = np.concatenate([np.clip(found[:, [t]], -1e12, 1e12), own[:, :-1]], axis=-1)
        return found

    return learner


MODULES = {
    "Ridge": "linear_model",
    "LinearRegression": "linear_model",
    "DecisionTreeClassifier": "tree",
    "DecisionTreeRegressor": "tree",
    "RandomForestClassifier": "ensemble",
    "RandomForestRegressor": "ensemble",
    "HistGradientBoostingClassifier": "ensemble",
    "HistGradientBoostingRegressor": "ensemble",
}


def _sklearn(name: str, settings: Mapping):
    module = importlib.import_module(f"sklearn.{MODULES[name]}")
    return getattr(module, name)(**settings)


# -------------------- automata --------------------


def merged_states(streams, answers, fresh):
    """A Mealy machine by red-blue state merging; symbols are the samples of all streams."""
    from aalpy.learning_algs import run_GSM

    def symbols(given):
        return [list(zip(*string, strict=True)) for string in zip(*given.values(), strict=True)]

    traces = [
        list(zip(inputs, map(float, outputs), strict=True))
        for inputs, outputs in zip(symbols(streams), answers, strict=True)
    ]
    machine = run_GSM(traces, output_behavior="mealy", data_format="io_traces")
    return np.array([_walked(machine, inputs) for inputs in symbols(fresh)])


def _walked(machine, inputs):
    """What a Mealy machine answers; NaN from the first transition that it does not have."""
    state, found = machine.initial_state, np.full(len(inputs), np.nan)
    for t, symbol in enumerate(inputs):
        if symbol not in state.transitions:
            break
        found[t] = state.output_fun[symbol]
        state = state.transitions[symbol]
    return found


# -------------------- recurrent network --------------------


def gated_recurrent(streams, answers, fresh, steps=1500, hidden=32):
    """A small GRU, trained with Adam on whole strings."""
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)

    def tensor(given):
        return torch.tensor(np.stack(list(given.values()), axis=-1), dtype=torch.float32)

    inputs, scale = tensor(streams), max(float(np.abs(answers).max()), 1e-12)
    wanted = torch.tensor(answers[..., None] / scale, dtype=torch.float32)
    network = torch.nn.GRU(inputs.shape[-1], hidden, batch_first=True)
    readout = torch.nn.Linear(hidden, 1)
    optimizer = torch.optim.Adam([*network.parameters(), *readout.parameters()], 5e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = ((readout(network(inputs)[0]) - wanted) ** 2).mean()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return readout(network(tensor(fresh))[0])[..., 0].numpy() * scale


FOREST = {"random_state": 0, "n_estimators": 100, "n_jobs": 1}

RIVALS = (
    Rival("ridge on 8 lags", "sklearn", on_lags("Ridge", "Ridge", alpha=1e-6)),
    Rival("ARX, run free", "sklearn", run_free("LinearRegression", "LinearRegression")),
    Rival(
        "decision tree on 8 lags",
        "sklearn",
        on_lags("DecisionTreeClassifier", "DecisionTreeRegressor", random_state=0),
    ),
    Rival(
        "decision tree with its answers, run free",
        "sklearn",
        run_free("DecisionTreeClassifier", "DecisionTreeRegressor", random_state=0),
    ),
    Rival(
        "random forest on 8 lags",
        "sklearn",
        on_lags("RandomForestClassifier", "RandomForestRegressor", **FOREST),
    ),
    Rival(
        "gradient boosting on 8 lags",
        "sklearn",
        on_lags("HistGradientBoostingClassifier", "HistGradientBoostingRegressor", random_state=0),
    ),
    Rival("state merging (AALpy)", "aalpy", merged_states),
    Rival("GRU, 32 hidden", "torch", gated_recurrent, 180.0),
)


# -------------------- measuring --------------------


def is_there(rival: Rival) -> bool:
    """Whether the package of a rival is installed."""
    return importlib.util.find_spec(rival.package) is not None


def _answered(learner: Learner, streams: dict, answers: Answers, fresh: dict) -> Answers:
    if isinstance(answers, Mapping):
        return {name: learner(streams, column, fresh) for name, column in answers.items()}
    return learner(streams, answers, fresh)


def _job(place: int, program: str, group: str, seed: int, there: Connection) -> None:
    """Fit and answer in a process of its own, which can be stopped."""
    from .groups import GROUPS

    rival = RIVALS[place]
    (streams, answers), (fresh, wanted) = drawn(GROUPS[group][program], seed)
    start = time.process_time()
    try:
        right, note = share_right(_answered(rival.learner, streams, answers, fresh), wanted), ""
    except Exception as error:  # a rival that fails is a row of the table, not the end of it
        right, note = 0.0, f"{type(error).__name__}: {error}"
    there.send((right, time.process_time() - start, note))


def rival_outcome(rival: Rival, name: str, group: str, seed: int) -> Outcome:
    """Measure a rival; no answer within its time limit counts as nothing right."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    job = context.Process(target=_job, args=(RIVALS.index(rival), name, group, seed, there))
    job.start()
    there.close()  # the job's end is then the only one, and closes with it
    right, seconds, note = 0.0, rival.seconds, "no answer in time"
    try:
        if here.poll(rival.seconds):
            right, seconds, note = here.recv()
    except EOFError:
        note = "the process died"
    job.terminate()
    job.join()
    return Outcome(name, group, rival.name, seed, right, False, seconds, equations=note)
