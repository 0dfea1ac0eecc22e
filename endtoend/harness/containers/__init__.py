"""The forms of compose/ and systemd/ in podman, for the tests in endtoend/containers."""
