import Billing
import Ledger

/// An account's story for people, in the order in which it happened.
struct AccountHistoryText {
  let story: AccountHistory
  let period: Period?
  let style: Style
  let now: Instant
  let withRules: Bool

  init(
    _ story: AccountHistory, period: Period?, style: Style, now: Instant, withRules: Bool = false
  ) {
    self.story = story
    self.period = period
    self.style = style
    self.now = now
    self.withRules = withRules
  }

  private var facts: AccountFacts { story.facts }
  private var currency: String { facts.account.currency.code }
  private func amount(_ minor: Int64) -> String { money(minor, currency) }

  var lines: [String] {
    standing + header + section("Invoices", invoices) + section("What happened", steps)
      + section("Charge attempts", attempts) + section("Ledger", transactions)
      + section("Mails", mails) + section("Due later", due) + (withRules ? tables : [])
  }

  private func section(_ title: String, _ lines: [String]) -> [String] {
    lines.isEmpty ? [] : ["", style.bold(title)] + lines.map { "  " + $0 }
  }

  /// First of all, in three lines.
  private var standing: [String] {
    let standing = Standing(story, period: period, at: now)
    return [
      style.bold("\(printable(facts.account.id)) \(inText(standing.stands))"),
      "last  \(inText(standing.last))", "next  \(standing.next)",
    ]
  }

  private var header: [String] {
    let account = facts.account
    let hold = facts.heldForInvoice.map { "on hold for \($0)" } ?? "no hold"
    return [
      "",
      style.bold("Account \(printable(account.id))") + (period.map { ", period \($0)" } ?? ""),
      "  \(account.country), \(account.timeZone), \(account.collection.rawValue) collection, "
        + "hold after \(account.holdAfterDays) days"
        + (account.start.map { ", start \($0)" } ?? "") + (account.end.map { ", end \($0)" } ?? ""),
      "  position \(facts.position), balance \(amount(facts.balanceMinor)), "
        + "credit \(amount(facts.creditMinor)), \(hold)",
    ]
  }

  private var invoices: [String] {
    if story.invoices.isEmpty { return ["none"] }
    var table = Table([
      .init("invoice"), .init("number", .right), .init("total", .right), .init("open", .right),
      .init("status"), .init("issued"),
    ])
    for invoice in story.invoices {
      table.add(
        invoice.id, "\(invoice.number)", amount(invoice.totalMinor), amount(invoice.openMinor),
        invoice.status.rawValue, invoice.issuedAt.rfc3339)
    }
    return table.lines()
  }

  private var steps: [String] {
    if story.steps.isEmpty { return ["nothing yet"] }
    return story.steps.enumerated().flatMap { number, step in self.step(number + 1, step) }
  }

  /// The reporter only records what others did: one line each.
  private func step(_ number: Int, _ step: ChainStep) -> [String] {
    let head =
      "\(padded("\(number).", to: 3, .right)) \(step.at.rfc3339)  "
      + style.bold(step.service.rawValue)
    if step.service == .reporter {
      return [style.faint("\(head)  \(step.decision.rule)  (\(printable(step.messageID)))")]
    }
    let decision = step.decision
    let verb = step.service == .closectl ? "did" : "took"
    var lines = ["\(head)  \(verb) \(printable(step.messageID))"]
    let believed = decision.believed.map(described)
    let found = decision.found.map(described)
    if let believed { lines.append("believed  \(believed)") }
    if let found { lines.append("found     \(found == believed ? "the same" : found)") }
    lines.append("class     \(words(decision.finding.rawValue)), rule \(decision.rule)")
    if !decision.explanation.isEmpty {
      lines.append("done      \(inText(printable(decision.explanation)))")
    }
    for event in step.events { lines.append("made      \(event.type)  \(printable(event.id))") }
    return [lines[0]] + lines.dropFirst().map { "      " + $0 }
  }

  private func described(_ snapshot: Snapshot) -> String {
    var text = "position \(snapshot.position), balance \(amount(snapshot.balance))"
    if let invoice = snapshot.invoice {
      text += ", open \(amount(invoice.open)) of \(amount(invoice.total))"
      text += " (\(invoice.status.rawValue))"
    }
    return text + (snapshot.hold ? ", on hold" : "")
  }

  private var attempts: [String] {
    var table = Table([
      .init("invoice"), .init("no.", .right), .init("amount", .right), .init("state"),
      .init("payment"), .init("made"), .init("settled"), .init("rule"),
    ])
    for attempt in story.attempts {
      let code = attempt.declineCode.map { " (\($0))" } ?? ""
      table.add(
        attempt.invoice, "\(attempt.number)", amount(attempt.amountMinor),
        words(attempt.state.rawValue) + code, attempt.gatewayID ?? "", attempt.createdAt.rfc3339,
        attempt.settledAt?.rfc3339 ?? "", attempt.rule)
    }
    return story.attempts.isEmpty ? [] : table.lines()
  }

  private var transactions: [String] {
    var table = Table([
      .init("position", .right), .init("at"), .init("by"), .init("kind"), .init("reference"),
      .init("ledger account"), .init("amount", .right),
    ])
    for posted in story.transactions {
      for (index, entry) in posted.entries.enumerated() {
        let isFirst = index == 0
        table.add(
          isFirst ? "\(posted.position)" : "", isFirst ? posted.at.rfc3339 : "",
          isFirst ? posted.service.rawValue : "", isFirst ? words(posted.kind) : "",
          isFirst ? posted.reference : "", entry.account, amount(entry.amountMinor))
      }
    }
    return story.transactions.isEmpty ? [] : table.lines()
  }

  private var mails: [String] {
    var table = Table([.init("mail"), .init("state"), .init("about"), .init("reason")])
    for mail in story.mails {
      table.add(mail.kind.rawValue, mail.state.rawValue, mail.about, mail.reason ?? "")
    }
    return story.mails.isEmpty ? [] : table.lines()
  }

  private var due: [String] {
    var table = Table([.init("at"), .init("for"), .init("what"), .init("reference")])
    for work in story.due {
      table.add(
        work.dueAt.rfc3339, work.service.rawValue, work.kind.routingKey, work.reference)
    }
    return story.due.isEmpty ? [] : table.lines()
  }

  private var tables: [String] {
    PrintedTable.tables(deciding: Set(story.steps.map(\.decision.rule))).flatMap { table in
      section("Rules of the \(table.table)", table.lines(style: style))
    }
  }
}
