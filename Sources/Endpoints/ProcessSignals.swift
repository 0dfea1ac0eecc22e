import Glibc

/// What signals do to a program as a whole.
public enum ProcessSignals {
  /// If the reader of a log or connection is gone, a write fails; the program does not end.
  public static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

  /// Asked to stop before there is anything to stop. Later, the service's own group receives it.
  public static func stopAtOnce() {
    for number in [SIGTERM, SIGINT] { signal(number) { _ in _exit(0) } }
  }
}
