import Billing
import Ledger

/// Why a close is not finished: what each account is waiting for, and what holds the services up.
extension CloseStatus {
  /// An unfinished account: the cause, since when, and when the next try is.
  struct Waiting: Encodable, Equatable {
    var account: String
    /// The steps it has not reached.
    var missing: [String]
    /// Not read while a close is watched.
    var cause: String?
    /// The service that has to act.
    var service: String?
    var since: String?
    var nextTry: String?

    init(account: String, missing: [String]) {
      self.account = account
      self.missing = missing
    }

    mutating func explain(_ standing: Standing, startedAt: String?) {
      if let attempt = standing.unsettled {
        let due = standing.story.due.first {
          $0.service == .charger && $0.invoice == attempt.invoice
        }
        cause = "attempt \(attempt.number) has no certain answer from the gateway"
        service = ServiceName.charger.rawValue
        since = attempt.createdAt.rfc3339
        nextTry = due?.dueAt.rfc3339
      } else if let message = standing.blocking {
        cause = message.sentence
        service = message.service.rawValue
        since = message.since.rfc3339
      } else if missing.contains("invoice") {
        cause = "invoicer has not started it"
        service = ServiceName.invoicer.rawValue
        since = startedAt
      }
    }

    var line: String {
      var text = "\(printable(account)): \(missing.joined(separator: ", "))"
      if let cause { text += "; \(cause)" }
      if let since { text += ", since \(since)" }
      if let nextTry { text += "; next try at \(nextTry)" }
      return text
    }
  }

  /// Work for later of one kind.
  struct Due: Encodable, Equatable {
    var service: String
    var kind: String
    var count: Int
    /// Due, but not started.
    var overdue: Int
    var firstAt: String

    init(_ tally: DueTally) {
      service = tally.service.rawValue
      kind = tally.kind.routingKey
      count = tally.count
      overdue = tally.overdue
      firstAt = tally.firstAt.rfc3339
    }

    var line: String {
      let one = count == 1
      let things =
        switch kind {
        case EventType.dueCharge.routingKey: one ? "1 charge" : "\(grouped(count)) charges"
        case EventType.dueGrace.routingKey:
          one ? "1 end of grace" : "\(grouped(count)) ends of grace"
        default: "\(grouped(count)) \(kind)"
        }
      if overdue > 0 {
        let part = overdue == count ? "" : ", \(grouped(overdue)) of them"
        return "\(service): \(things)\(part) due since \(firstAt) and not started"
      }
      return "\(service): \(things)\(one ? "" : ", the first") at \(firstAt)"
    }
  }

  /// What holds the close up, one sentence each; queues without consumers come first.
  var limiting: [String] {
    guard state != RunState.closed.rawValue, let queues = queues.value else { return [] }
    if state == "open" {
      return queues.filter { $0.service == ServiceName.invoicer.rawValue }.map(\.sentence)
    }
    let unattended = queues.filter { $0.consumers == 0 }
    let busy = queues.filter { $0.consumers > 0 && !$0.isIdle }
    let inHand = queues.filter { queue in
      queue.consumers > 0 && queue.isIdle && waiting.contains { $0.service == queue.service }
    }
    return (unattended + busy).map(\.sentence)
      + inHand.map {
        "\($0.sentence): it holds the message that is awaited; see its log and /readyz"
      }
  }

  func limitLines(_ style: Style) -> [String] {
    let overdue = due.filter { $0.overdue > 0 }.map { style.bad("  \($0.line)") }
    if limits.isEmpty && overdue.isEmpty { return [] }
    let unattended = Set(queues.value?.filter { $0.consumers == 0 }.map(\.sentence) ?? [])
    return ["", "held up by:"]
      + limits.map { unattended.contains($0) ? style.bad("  \($0)") : "  \($0)" } + overdue
  }

  var dueLines: [String] {
    let later = due.filter { $0.overdue == 0 }
    return later.isEmpty ? [] : ["", "later:"] + later.map { "  \($0.line)" }
  }

  func stragglerLines() -> [String] {
    guard !waiting.isEmpty else { return [] }
    let more = accounts.remaining - waiting.count
    return ["", "waiting for:"] + waiting.map { "  \($0.line)" }
      + (more > 0 ? ["  … and \(grouped(more)) more"] : [])
  }
}

extension Standing {
  /// What the end of the close is waiting for. Holds are not part of it.
  var blocking: Unanswered? { unanswered.first { $0.service != .holder } }
}
