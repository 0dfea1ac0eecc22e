import Billing
import Glibc
import Ledger
import Synchronization

/// A named place between two steps of the work at which a process may die. The steps before it are
/// done and stay done; those after it must be found and finished by another process.
///
/// Crash tests count their hits by these names: `make chaos` kills real processes at each of them,
/// `make simulate` ends simulated ones there.
public enum CrashPoint: String, Sendable, CaseIterable {
  /// Deliveries were taken from the queue.
  case taken
  case beforeCommit = "before-commit"
  /// In the ledger, but nothing has been published.
  case committed
  case beforePublish = "before-publish"
  /// Handed to the broker's connection; nothing was confirmed.
  case published
  case confirmed
  /// A failed message, before its copy goes to a delay queue or to the dead letters.
  case beforeMove = "before-move"
  /// The copy is confirmed, the original is not settled.
  case moved
  case beforeAck = "before-ack"
  case acknowledged

  /// The charger: the attempt is committed, no byte was sent.
  case beforeCall = "before-call"
  /// All of the request left.
  case requestSent = "request-sent"
  /// The gateway has answered, but the ledger does not know the answer.
  case answered

  /// The mailer: the mail is intended, but the server was not called.
  case beforeMail = "before-mail"
  /// The server has reported what it did with a mail, but the ledger does not know it.
  case mailAnswered = "mail-answered"

  /// Due work became events in the ledger, but they are not published.
  case dueTaken = "due-taken"
  /// Left-over events were read, to be published again.
  case beforeRelay = "before-relay"

  /// The invoicer: the close, or the accounts added again, are in the ledger, but the ranges are
  /// not published.
  case closeOpened = "close-opened"
  /// The accounts of a range are invoiced, but the range itself is not answered.
  case rangeInvoiced = "range-invoiced"
  /// The reporter: the close has ended in the ledger, but nothing was published.
  case closeEnded = "close-ended"

  /// Called for every boundary as it is reached.
  public typealias Observer = @Sendable (CrashPoint) -> Void

  /// The boundaries a service has, in order.
  public static func all(of service: ServiceName) -> [CrashPoint] {
    allCases.filter { point in
      switch point {
      case .beforeCall, .requestSent, .answered: service == .charger
      case .beforeMail, .mailAnswered: service == .mailer
      case .dueTaken: [.charger, .holder].contains(service)
      case .closeOpened, .rangeInvoiced: service == .invoicer
      case .closeEnded: service == .reporter
      default: service != .closectl
      }
    }
  }
}

/// Where a process is to kill itself, for crash tests: with `MONTHCLOSE_CRASH_AT=committed:3` it
/// dies by SIGKILL when it reaches the boundary `committed` for the third time.
public struct CrashTrigger: Sendable, Equatable {
  public var crashPoint: CrashPoint
  /// From 1.
  public var occurrence: Int

  /// `NAME` or `NAME:N`.
  init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let crashPoint = CrashPoint(rawValue: String(parts[0])) else { return nil }
    let occurrence = parts.count == 1 ? 1 : Int(parts[1]) ?? 0
    guard occurrence >= 1 else { return nil }
    self.crashPoint = crashPoint
    self.occurrence = occurrence
  }

  /// Counts, and kills the process at the last.
  func observer() -> CrashPoint.Observer {
    let left = Countdown(occurrence)
    return { [crashPoint] point in
      guard point == crashPoint, left.isOver() else { return }
      kill(getpid(), SIGKILL)
      // The signal takes the process as a whole; this thread does nothing more until then.
      while true { pause() }
    }
  }

  private final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(_ count: Int) { left = Atomic(count) }

    func isOver() -> Bool { left.subtract(1, ordering: .relaxed).newValue == 0 }
  }
}
