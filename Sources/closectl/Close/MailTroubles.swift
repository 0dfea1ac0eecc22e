import Billing
import Ledger

/// Mails of a close that the mail server has not accepted: being retried, or given up.
struct MailTroubles: Encodable, Equatable {
  struct Waiting: Encodable, Equatable {
    /// What the mail server said last, or why the mail is being sent again.
    var why: String
    var mails: Int
    var since: String
    /// An earlier sending has no recorded end: the customers may have the mails already.
    var perhapsDelivered: Bool
  }

  struct Undelivered: Encodable, Equatable {
    var account: String
    var kind: String
    var why: String
  }

  /// Mails that are being retried, by the mail server's last answer.
  var waiting: [Waiting] = []
  /// How many were refused because of their recipients, or given up.
  var undelivered = 0
  /// The first of them.
  var first: [Undelivered] = []

  static let shown = 20

  init() {}

  init(_ period: Period, in store: LedgerStore) async throws {
    for count in try await store.mailCounts(period) {
      switch (count.state, count.reason) {
      case (.intended, let why?):
        waiting.append(
          Waiting(
            why: MailRecord.withoutPerhapsSent(why), mails: count.mails,
            since: count.since.rfc3339, perhapsDelivered: MailRecord.isPerhapsSent(why)))
      case (.refused, _): undelivered += count.mails
      default: break
      }
    }
    guard undelivered > 0 else { return }
    let question = MailQuestion(period: period, state: .refused, limit: Self.shown)
    first = try await store.mailList(question).map {
      Undelivered(account: $0.account, kind: $0.kind.rawValue, why: $0.reason ?? "")
    }
  }

  func lines(_ period: String, _ style: Style) -> [String] {
    let waits = waiting.map {
      style.bad(
        counted($0.mails, "mail")
          + ($0.perhapsDelivered
            ? " perhaps delivered, sent again since " : " not accepted by the mail server since ")
          + "\($0.since)\($0.perhapsDelivered ? "" : ", retrying"): \(printable($0.why))")
    }
    guard undelivered > 0 else { return waits }
    let more = undelivered - first.count
    return waits + [
      "",
      style.bad(
        "\(counted(undelivered, "mail")) not delivered (closectl mail resend \(period)):"),
    ] + first.map { "  \(printable($0.account)): \($0.kind) mail, \(printable($0.why))" }
      + (more > 0 ? ["  … and \(grouped(more)) more"] : [])
  }
}
