"""A container that acts as a machine: it starts systemd, and has a broker and a mail sink."""

import os

from harness.closectl import Answer
from harness.containers.engine import IMAGES
from harness.containers.form import PERIOD, Form
from harness.places import ROOT
from harness.waiting import wait_for

NAME = "machine"

# As docs/deployment.md says; then the servers that a trial needs beside the five services.
INSTALL = """
install -m 755 /new/programs/* /new/systemd/month-close-ctl /usr/local/bin/
cp /new/systemd/month-close.sysusers /usr/lib/sysusers.d/month-close.conf && systemd-sysusers
cp -r /new/systemd/*.service /new/systemd/*.timer /new/systemd/*.target \
  /new/systemd/*.service.d /etc/systemd/system/
install -d -m 700 /etc/month-close /etc/month-close/secrets
umask 077
echo amqp://guest:guest@127.0.0.1:5672/ >/etc/month-close/secrets/broker-url
echo sqlite:/var/lib/month-close/ledger.db >/etc/month-close/secrets/store-url
echo sk_test_sandbox >/etc/month-close/secrets/gateway-key
echo smtp://127.0.0.1:2525 >/etc/month-close/secrets/smtp-url
printf "%s\\n" MONTHCLOSE_GATEWAY_URL=http://127.0.0.1:12111 \
  MONTHCLOSE_MAIL_FROM=billing@month-close.example MONTHCLOSE_IN_FLIGHT=8 >/etc/month-close/env
install -d -o month-close -g month-close -m 750 /var/lib/month-close
systemctl daemon-reload
systemctl start rabbitmq-server
systemd-run --quiet --unit gateway -p User=month-close -p WorkingDirectory=/var/lib/month-close \
  sandbox serve --listen 127.0.0.1:12111 --log charges.jsonl --latency-ms 300
install -d -o month-close /var/mail-sink /var/mail-sink/new /var/mail-sink/cur /var/mail-sink/tmp
systemd-run --quiet --unit sink -p User=month-close python3 -m aiosmtpd -n -l 127.0.0.1:2525 \
  -c aiosmtpd.handlers.Mailbox /var/mail-sink
"""


class Machine(Form):
    """Where systemd/ is installed."""

    def start(self) -> None:
        mounts = {ROOT / "systemd": "/new/systemd", ROOT / "compose" / "programs": "/new/programs"}
        runtime = os.environ.get("SWIFT_LIBRARIES")
        if runtime:  # programs without a linked Swift runtime find it where they were built
            mounts[runtime] = runtime
        volumes = [f"--volume={place}:{inside}:ro" for place, inside in mounts.items()]
        options = ("--detach", "--name", NAME, "--systemd=always", "--privileged", "--network=none")
        # as on a machine
        init = ("sh", "-c", "mount --make-rshared / && exec /sbin/init")
        self.engine.podman("run", *options, *volumes, f"{IMAGES}/systemd:debian", *init)
        running = ("podman", "exec", NAME, "systemctl", "is-system-running")
        wait_for(
            "systemd to start in a container",
            lambda: self.engine.attempt(*running).out.strip() in ("running", "degraded"),
            every=0.5,
        )

    def install(self) -> None:
        self.on_machine("sh", "-ec", INSTALL)

    def on_machine(self, *command: str) -> str:
        """As root of that machine."""
        return self.engine.run("podman", "exec", NAME, *command)

    def attempt_on_machine(self, *command: str) -> Answer:
        return self.engine.attempt("podman", "exec", NAME, *command)

    def attempt_closectl(self, *words: str) -> Answer:
        """With the secrets of the services, as docs/deployment.md says."""
        return self.attempt_on_machine("month-close-ctl", *words)

    def write_sample(self, folder: str) -> None:
        options = ("--accounts", str(self.accounts), "--period", PERIOD, "--out", folder)
        self.on_machine("sandbox", "sample", *options)

    def of_unit(self, unit: str, *properties: str) -> tuple[str, ...]:
        """Such as `("active", "0")` for ActiveState and NRestarts."""
        return tuple(
            self.on_machine("systemctl", "show", "--property", name, "--value", unit).strip()
            for name in properties
        )

    def credentials_of(self, unit: str) -> list[str]:
        return self.on_machine("ls", f"/run/credentials/{unit}").split()

    def gateway_log(self) -> str:
        return self.on_machine("cat", "/var/lib/month-close/charges.jsonl")

    def count_mails(self) -> int:
        return len(self.on_machine("ls", "/var/mail-sink/new").split())
