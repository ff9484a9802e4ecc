"""A Dask cluster as an executor that always answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client
    from distributed import Future as DaskFuture

__all__ = ["ClusterExecutor", "dask_executor"]


class ClusterExecutor(Executor):
    """Runs calls on a Dask cluster; every future ends, whatever happens to the workers.

    ``Client.get_executor()`` gives an executor too, and a sweep takes it. But if a worker dies
    while the result of an earlier call is being fetched from it, the future of that call never
    ends (``distributed/cfexecutor.py`` reads the call's status after it fetched the result, and an
    exception there is lost), so a sweep over members that may kill their process could wait for
    ever. Here the result is fetched again from wherever the cluster computes it anew.

    Parameters
    ----------
    client : distributed.Client

    Examples
    --------
    >>> executor = ClusterExecutor(distributed.Client("tcp://scheduler:8786"))  # doctest: +SKIP
    >>> executor.submit(divmod, 7, 3).result()  # doctest: +SKIP
    (2, 1)
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run ``function(*args, **kwargs)`` somewhere on the cluster."""
        remote = self._client.submit(function, *args, pure=False, **kwargs)
        future: Future[Any] = Future()
        future.add_done_callback(lambda done: remote.cancel() if done.cancelled() else None)
        remote.add_done_callback(lambda done: _transmit(done, future))
        return future


def _transmit(remote: DaskFuture, future: Future[Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = remote.result()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)


@contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """An executor on the Dask cluster whose scheduler has this address.

    Raises
    ------
    ValueError
        If ``dask.distributed`` is not installed, or no scheduler answers.

    Examples
    --------
    >>> with dask_executor("tcp://scheduler:8786") as executor:  # doctest: +SKIP
    ...     sweep(["modulo-3"], seeds=range(8), executor=executor).summary()
    """
    try:
        from distributed import Client
    except ImportError:
        raise ValueError(
            'a sweep on a cluster needs dask.distributed: pip install "dask[distributed]"'
        ) from None
    try:
        client = Client(address, timeout=10)
    except OSError as error:
        raise ValueError(f"no Dask scheduler answers at {address!r}: {error}") from None
    with client:
        yield ClusterExecutor(client)
