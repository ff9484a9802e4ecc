"""What an installation brings: a command, one version, types."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

import dmm
import synthesis
import vvalues
from synthesis.cli import main
from tests.house.rooms import PACKAGES, ROOT

SCRIPT = Path(sys.executable).with_name("dmm")


def test_the_command_is_that_of_the_module():
    (command,) = entry_points(group="console_scripts", name="dmm")
    assert command.load() is main


def test_there_is_one_version():
    assert dmm.__version__ == synthesis.__version__ == vvalues.__version__
    assert version("dataflow-matrix-machines") == vvalues.__version__
    cited = re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert cited is not None and cited.group(1) == vvalues.__version__


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_say_that_they_are_typed(package):
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.thorough
def test_what_users_write_runs():
    file = Path(__file__).with_name("of_a_user.py")  # by itself: it registers a neuron type
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=True)
    assert done.stdout.endswith(" 60 y = y[t-1] + x\n")


@pytest.mark.thorough
@pytest.mark.skipif(not SCRIPT.exists(), reason="the script is not beside the interpreter")
def test_the_script_says_what_it_is_and_how_it_was_called():
    told = subprocess.run([SCRIPT, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"dataflow-matrix-machines {vvalues.__version__}\n"
    wrong = subprocess.run([SCRIPT, "nonsense"], capture_output=True, text=True)
    assert wrong.returncode == 2 and "dmm --help)" in wrong.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_every_command_whatever_it_was_called(shell, capsys):
    pytest.importorskip("shtab", reason="needs the extra 'completion'")
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for name in ("fit", "predict", "resume", "reproduce", "--workers"):
        assert name in script
    assert "dmm" in script and "pytest" not in script


def test_completion_without_its_package_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert "dataflow-matrix-machines[completion]" in capsys.readouterr().err
