import Billing
import Ledger

/// A place between two steps of the work at which a process may die, by name. What comes before it
/// is done and stays; what comes after it has to be found and finished by another process.
///
/// The names are how the tests of crashes count what they have hit: `make chaos` kills real
/// processes at each of them, `make simulate` ends simulated ones there.
public enum Boundary: String, Sendable, CaseIterable {
  /// Deliveries were taken from the queue.
  case taken
  case beforeCommit = "before-commit"
  /// In the ledger, and nobody has been told.
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
  /// The gateway's answer is there, the ledger does not know it.
  case answered

  /// The mailer: the mail is intended, the server was not called.
  case beforeMail = "before-mail"
  /// The server has said what it did with a mail, the ledger does not know it.
  case mailAnswered = "mail-answered"

  /// Due work became events in the ledger; they are not published.
  case dueTaken = "due-taken"
  /// Left-over events were read, to be published again.
  case beforeRelay = "before-relay"

  /// The invoicer: the close, or what was taken in again, is in the ledger, its ranges are not
  /// published.
  case closeOpened = "close-opened"
  /// The accounts of a range are invoiced, the range itself is not answered.
  case rangeInvoiced = "range-invoiced"
  /// The reporter: the close is ended in the ledger, nobody was told.
  case closeEnded = "close-ended"

  /// Told of every boundary as it is reached.
  public typealias Observer = @Sendable (Boundary) -> Void

  /// The boundaries a service has, in order.
  public static func all(of service: ServiceName) -> [Boundary] {
    allCases.filter { boundary in
      switch boundary {
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
