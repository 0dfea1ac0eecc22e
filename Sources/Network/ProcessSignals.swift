import Glibc

/// What signals do to a program as a whole.
public enum ProcessSignals {
  /// A reader that is gone, of a log or of a connection, makes a write fail, and ends nothing.
  public static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

  /// Told to stop before there is anything to stop. Later the service's own group hears it.
  public static func stopAtOnce() {
    for number in [SIGTERM, SIGINT] { signal(number) { _ in _exit(0) } }
  }
}
