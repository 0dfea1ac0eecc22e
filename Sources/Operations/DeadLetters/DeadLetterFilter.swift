import Billing
import Ledger
import Services

/// Selects dead letters. Every given condition must hold.
public struct DeadLetterFilter: Sendable, Equatable {
  public var service: ServiceName?
  public var reason: String?
  public var account: String?
  /// With or without a version: `invoice.issued`.
  public var type: String?
  /// Dead for more, or for fewer, than this many seconds.
  public var olderThanSeconds: Int64?
  public var youngerThanSeconds: Int64?
  /// What is open by its snapshot, in the same currency.
  public var amountOver: Money?
  /// `nil`: all that the rest leaves.
  public var ids: Set<String>?

  public init() {}

  public var services: [ServiceName] { service.map { [$0] } ?? MonthClose.services }

  /// Whether any condition requires the body.
  private var asksBody: Bool { account != nil || amountOver != nil }

  public func matches(_ letter: DeadLetter, at now: Instant) -> Bool {
    if let ids, !ids.contains(letter.id) { return false }
    if let service, letter.service != service { return false }
    if let reason, letter.reason != reason { return false }
    if let type, letter.type != type, Self.withoutVersion(letter.type) != type { return false }
    return isOfAge(letter, now) && (!asksBody || bodyMatches(letter))
  }

  /// A letter that does not say when it failed has no age.
  private func isOfAge(_ letter: DeadLetter, _ now: Instant) -> Bool {
    if olderThanSeconds == nil && youngerThanSeconds == nil { return true }
    guard let failed = letter.lastFailedAt else { return false }
    let age = (now.milliseconds - failed.milliseconds) / 1000
    if let olderThanSeconds, age <= olderThanSeconds { return false }
    if let youngerThanSeconds, age >= youngerThanSeconds { return false }
    return true
  }

  private func bodyMatches(_ letter: DeadLetter) -> Bool {
    let event: Event
    do { event = try letter.event() } catch { return false }
    let snapshot = event.data.snapshot
    if let account, account != snapshot?.account ?? event.subject { return false }
    guard let amountOver else { return true }
    guard let snapshot, snapshot.currency == amountOver.currency else { return false }
    let open = snapshot.invoice?.open ?? event.data.payment?.amount ?? 0
    return open > amountOver.amountMinor
  }

  private static func withoutVersion(_ type: String) -> String {
    String(type.prefix(upTo: type.lastIndex(of: ".") ?? type.endIndex))
  }

  /// For the record of what was chosen.
  public var words: String {
    let parts: [String?] = [
      service.map { "service \($0.rawValue)" }, reason.map { "reason \($0)" },
      account.map { "account \($0)" }, type.map { "type \($0)" },
      olderThanSeconds.map { "older than \($0) s" },
      youngerThanSeconds.map { "younger than \($0) s" },
      amountOver.map { "more than \($0) open" },
      ids.map { "ids \($0.sorted().joined(separator: ","))" },
    ]
    let said = parts.compactMap { $0 }
    return said.isEmpty ? "all" : said.joined(separator: ", ")
  }
}
