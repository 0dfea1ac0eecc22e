import Billing
import Broker
import Ledger
import Services

/// Where an account stands and what comes next, derived from its story. Only the ledger is read;
/// which queue a message is in is known only to the broker.
struct Standing {
  /// A message for a service that the service has not answered.
  struct Unanswered: Equatable {
    var service: ServiceName
    var message: String
    var type: EventType
    var since: Instant

    /// `charger has not answered invoice.issued`
    var sentence: String { "\(service.rawValue) has not answered \(type.routingKey)" }
  }

  let story: AccountHistory
  let period: Period?
  let now: Instant
  /// The oldest first.
  let unanswered: [Unanswered]

  init(_ story: AccountHistory, period: Period?, at now: Instant) {
    self.story = story
    self.period = period
    self.now = now
    unanswered = Self.unanswered(story)
  }

  /// Only the gateway knows how it ended.
  var unsettled: Attempt? { story.attempts.last { $0.state.isUnsettled } }

  // MARK: Three lines

  var facts: AccountFacts { story.facts }
  private func amount(_ minor: Int64) -> String {
    plainMoney(minor, facts.account.currency.code)
  }

  /// What it owes.
  var stands: String {
    var parts = [owes]
    if let held = facts.heldForInvoice { parts.append("on hold for \(held)") }
    if facts.creditMinor > 0 { parts.append("\(amount(facts.creditMinor)) of credit is unused") }
    if let ending { parts.append(ending) }
    return parts.joined(separator: "; ")
  }

  private var ending: String? {
    guard let end = facts.account.end else { return nil }
    // A time zone this program no longer knows: then nothing is reported as ended.
    let isOver = (try? end.start(in: facts.account.timeZone)).map { $0 <= now } ?? false
    return isOver ? "ended on \(end)" : "ends on \(end)"
  }

  private var owes: String {
    let open = story.invoices.filter { $0.openMinor > 0 }
    guard let oldest = open.first else {
      guard let last = story.invoices.last else {
        return "has no invoice" + (period.map { " for \($0)" } ?? " yet")
      }
      let paid = last.totalMinor > 0 ? "is paid" : "requires no payment"
      return "owes nothing; invoice \(last.id) for \(amount(last.totalMinor)) \(paid)"
    }
    if open.count == 1, oldest.openMinor == oldest.totalMinor {
      return "owes \(amount(oldest.openMinor)), all of invoice \(oldest.id)"
    }
    if open.count == 1 {
      return "owes \(amount(oldest.openMinor)) of invoice \(oldest.id) for "
        + amount(oldest.totalMinor)
    }
    let sum = open.reduce(Int128(0)) { $0 + Int128($1.openMinor) }
    return "owes \(Money.decimalText(sum, facts.account.currency)) \(facts.account.currency) of "
      + "\(open.count) invoices, the oldest being \(oldest.id)"
  }

  /// The last action on invoices, money or holds, if there was one, and who took it. The reporter
  /// only records what others did, the mailer reports it, and the holder checks more often than it
  /// acts.
  var last: String {
    let explained = story.steps.filter {
      $0.service != .reporter && !$0.decision.explanation.isEmpty
    }
    let done = explained.last {
      $0.service == .closectl || ($0.service != .mailer && !$0.events.isEmpty)
    }
    guard let step = done ?? explained.last else { return "nothing has happened yet" }
    return "\(step.at.rfc3339) \(step.service.rawValue): \(printable(step.decision.explanation))"
  }

  /// What comes next, or that nothing does.
  var next: String {
    var parts = unanswered.prefix(3).map { "\($0.sentence), since \($0.since.rfc3339)" }
    parts += ParkedMonth.all(of: story).map { $0.sentence(facts.account.id) }
    if let unsettled, story.due.allSatisfy({ $0.service != .charger }) {
      parts.append(
        "attempt \(unsettled.number) of \(unsettled.createdAt.rfc3339) has no certain answer yet")
    }
    parts += story.due.compactMap(sentence)
    if !parts.isEmpty { return parts.joined(separator: "; ") }
    return story.invoices.contains { $0.openMinor > 0 }
      ? "nothing until the customer pays: nothing else is due"
      : "nothing: every message is answered, and nothing is due"
  }

  /// `nil` if it will do nothing because its invoice is paid.
  private func sentence(_ work: DueWork) -> String? {
    let invoice = story.invoices.first { $0.id == work.invoice }
    let what: String
    switch work.kind {
    case .dueCharge where work.reference.contains("#unknown@"):
      what = "the gateway is asked again about \(work.invoice)"
    case .dueCharge where work.reference.contains("#found@"):
      what = "a charge the gateway has for \(work.invoice) is credited"
    case .dueCharge: what = "\(work.invoice) is charged again"
    case .dueGrace where invoice?.openMinor ?? 0 <= 0: return nil
    case .dueGrace: what = "unless \(work.invoice) is paid, the account is put on hold"
    default: what = work.kind.routingKey
    }
    if work.dueAt > now { return "\(what) at \(work.dueAt.rfc3339)" }
    return "\(what): due since \(work.dueAt.rfc3339), not started by the \(work.service.rawValue)"
  }

  // MARK: Messages

  private static func unanswered(_ story: AccountHistory) -> [Unanswered] {
    var answers: [ServiceName: Set<Substring>] = [:]
    for step in story.steps {
      let id = step.messageID
      // An attempt that was settled first answers nothing; other suffixes are answers.
      if id.contains("#settled-") { continue }
      let message = id.lastIndex(of: "#").map { id[..<$0] } ?? id[...]
      answers[step.service, default: []].formUnion([id[...], message])
    }
    var found: [Unanswered] = []
    for step in story.steps {
      for event in step.events {
        guard let type = EventType(rawValue: event.type) else { continue }
        found += receivers(of: type).filter { answers[$0]?.contains(event.id[...]) != true }
          .map { Unanswered(service: $0, message: event.id, type: type, since: step.at) }
      }
    }
    found += story.announced.map {
      Unanswered(
        service: $0.service, message: "\($0.kind.routingKey):\($0.reference)", type: $0.kind,
        since: $0.dueAt)
    }
    return found.sorted { $0.since < $1.since }
  }

  private static func receivers(of type: EventType) -> [ServiceName] {
    MonthClose.bindings.filter { _, keys in
      keys.contains { TopicPattern($0).matches(type.routingKey) }
    }.map(\.service)
  }
}
