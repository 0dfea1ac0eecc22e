import CRabbitMQ
import Glibc
import Synchronization

/// Hands commands to a thread that sleeps in `poll`. Posting wakes it at once, and costs no system
/// call while it is awake.
final class ThreadInbox<Command: Sendable>: Sendable {
  private struct State {
    var commands: [Command] = []
    var asleep = false
    var closed = false
  }
  private let state = Mutex(State())
  /// Readable when there is something to take.
  let fileDescriptor: Int32

  init() {
    fileDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    precondition(fileDescriptor >= 0, "no event descriptor could be made: error \(errno)")
  }

  deinit { Glibc.close(fileDescriptor) }

  /// `false` once the inbox is closed: nobody will ever read the command.
  @discardableResult
  func post(_ command: Command) -> Bool {
    let (accepted, wake) = state.withLock { state in
      if state.closed { return (false, false) }
      state.commands.append(command)
      defer { state.asleep = false }
      return (true, state.asleep)
    }
    if wake { eventfd_write(fileDescriptor, 1) }
    return accepted
  }

  func take() -> [Command] {
    state.withLock { state in
      state.asleep = false
      return exchange(&state.commands, with: [])
    }
  }

  /// Announces that the thread is going to sleep; `false` if a command is already waiting.
  func prepareToSleep() -> Bool {
    state.withLock { state in
      guard state.commands.isEmpty else { return false }
      state.asleep = true
      return true
    }
  }

  /// Sleeps until a command comes, `descriptor` can be read (or written, if asked) or time is up.
  func sleep(until wakeUp: ContinuousClock.Instant, descriptor: Int32?, forWriting: Bool = false) {
    guard prepareToSleep() else { return }
    let events = Int16(forWriting ? POLLIN | POLLOUT : POLLIN)
    var watched = [
      pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: descriptor ?? -1, events: events, revents: 0),
    ]
    let milliseconds = max(0, min(wakeUp.millisecondsFromNow, 60_000))
    poll(&watched, 2, Int32(milliseconds))
    if watched[0].revents != 0 {
      var count: eventfd_t = 0
      eventfd_read(fileDescriptor, &count)
    }
  }

  /// Accepts no more, and returns what is still in it.
  func close() -> [Command] {
    state.withLock { state in
      state.closed = true
      return exchange(&state.commands, with: [])
    }
  }
}

extension ContinuousClock.Instant {
  /// Rounded up, so that a sleep does not end just before its time.
  var millisecondsFromNow: Int64 {
    let (seconds, attoseconds) = (self - .now).components
    let milliseconds = seconds.multipliedReportingOverflow(by: 1000)
    if milliseconds.overflow { return seconds < 0 ? 0 : .max }
    return milliseconds.partialValue + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
  }
}

private func exchange<Value>(_ place: inout Value, with new: Value) -> Value {
  let old = place
  place = new
  return old
}
