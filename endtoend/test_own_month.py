"""A user's own month, with the commands of the README."""

import os
import subprocess
from pathlib import Path

import pytest

from harness.books import ACCOUNT_COLUMNS, API_CALLS, USAGE_COLUMNS, Account, used
from harness.places import SCRIPTS, program
from harness.processes import run
from harness.stage import Stage


def test_one_command_starts_all_that_a_month_needs(stage: Stage) -> None:
    folder = stage.folder / "trial"
    environment = {
        **os.environ,
        "TRIAL_CLOCK": "2026-12-01T02:00:00Z",
        # settings of the shell, for example of production, do not belong to the trial
        "MONTHCLOSE_DEAD_BROKER_URL": "amqp://nobody:wrong@127.0.0.1:1/",
        "MONTHCLOSE_HTTP_ADDRESS": "nowhere",
    }
    catalog = stage.file(
        "catalog.yaml", f"version: 1\ncurrency: CHF\nproducts:\n{API_CALLS}taxes: []\n"
    )
    accounts = stage.file("accounts.csv", f"{ACCOUNT_COLUMNS}\n{Account('a1').line}\n")
    usage = stage.file("usage.csv", f"{USAGE_COLUMNS}\n{used('a1', 120)}\n")
    try:
        run([SCRIPTS / "trial", folder], environment)
        steps = [
            f"source {folder}/env",
            f"closectl import catalog {catalog}",
            f"closectl import accounts {accounts}",
            f"closectl import usage {usage}",
            "closectl close preview 2026-11",
            "closectl close start 2026-11 --wait",
            "closectl dead list --json >/dev/null",
            "closectl report 2026-11 --json",
        ]
        said = run(["bash", "-ec", "\n".join(steps)], environment)
        assert '"collected":1200' in said.replace(" ", "")
        assert len(list((folder / "mail" / "new").iterdir())) == 2
        assert folder.stat().st_mode & 0o077 == 0, "others can read the mails"
    finally:
        run([SCRIPTS / "stop", folder], environment)


def refused_trial(folder: Path, **environment: str) -> str:
    """The error message. The trial is refused before anything is installed or built."""
    done = subprocess.run(
        [SCRIPTS / "trial", folder],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr


@pytest.mark.parametrize("beside", ["notes", "env"])
def test_files_that_are_of_no_trial_are_left_alone(stage: Stage, beside: str) -> None:
    """`env` is also the name of a Python folder."""
    (stage.folder / beside).mkdir()
    mine = stage.file("mine.txt", "keep me")
    assert "name another folder" in refused_trial(stage.folder)
    assert mine.read_text() == "keep me"


def test_a_mistyped_clock_is_refused(stage: Stage) -> None:
    said = refused_trial(stage.folder / "trial", TRIAL_CLOCK="2026-12-01T02:00:0OZ")
    assert "TRIAL_CLOCK is not a time" in said


@pytest.mark.parametrize(
    ("words", "completed"),
    [("closectl close st", "start status"), ("sandbox se", "serve")],
)
def test_bash_completes(words: str, completed: str, tmp_path: Path) -> None:
    name = words.split()[0]
    script = tmp_path / name
    script.write_text(run([program(name), "--generate-completion-script", "bash"]))
    asked = f"""
        source {script}
        COMP_LINE="{words}" COMP_WORDS=({words}) COMP_POINT={len(words)}
        COMP_CWORD={len(words.split()) - 1}
        _{name} {name} {words.split()[-1]} {words.split()[-2]} 2>/dev/null || true
        echo "${{COMPREPLY[@]}}"
    """
    path = {**os.environ, "PATH": f"{program(name).parent}:{os.environ['PATH']}"}
    assert run(["bash", "-c", asked], path).strip() == completed
