"""What a container cannot do, and who can read a secret."""

from harness.containers.compose import PROGRAM_USER, ComposeForm

PLACES = ("/usr/local/bin/x", "/etc/x", "/x")


def check_hardened(form: ComposeForm, service: str, user: int = PROGRAM_USER) -> None:
    """Its user, no capabilities, no way to gain any, and nothing to write to in its root."""
    status = dict(
        line.split(":\t", 1)
        for line in form.inside(service, "cat", "/proc/self/status").splitlines()
    )
    found = (status["Uid"].split()[0], status["CapEff"], status["NoNewPrivs"])
    assert found == (str(user), "0" * 16, "1"), f"{service}: {status}"
    refused = form.inside(service, "sh", "-c", f"touch {' '.join(PLACES)} 2>&1; true")
    assert refused.count("Read-only file system") == len(PLACES), f"{service}: {refused}"


def check_secrets_are_nowhere_else(form: ComposeForm) -> None:
    """Not in an image, its history or what the engine says of a container."""
    engine = form.engine
    containers = engine.podman("ps", "--quiet", "--all").split()
    images = sorted(set(engine.podman("images", "--quiet").split()))
    said = engine.podman("inspect", *containers) + engine.podman("image", "inspect", *images)
    said += "".join(engine.podman("history", "--no-trunc", image) for image in images)
    # void unless it says what it was told of the containers and of the images' steps
    assert form.settings["RABBITMQ_IMAGE"] in said
    assert "apt-get install" in said
    secrets = [*form.secrets.glob("*_password"), form.secrets / "broker_url"]
    assert len(secrets) >= 2
    shown = [file.name for file in secrets if file.read_text().strip() in said]
    assert shown == [], "secrets that anybody can read who may ask the engine"
