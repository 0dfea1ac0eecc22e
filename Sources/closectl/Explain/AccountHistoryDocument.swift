import Billing
import Ledger

/// An account's story as JSON: amounts in minor units of its currency, no personal data.
struct AccountHistoryDocument: Encodable {
  struct Step: Encodable {
    var at: String
    var service: String
    var message: String
    var rule: String
    var finding: String
    var explanation: String
    var believed: Snapshot?
    var found: Snapshot?
    var events: [Event]
  }
  struct Event: Encodable {
    var id: String
    var type: String
  }
  struct Invoice: Encodable {
    var id: String
    var number: Int64
    var period: String
    var currency: String
    var total: Int64
    var open: Int64
    var status: String
    var issuedAt: String
  }
  struct AttemptMade: Encodable {
    var invoice: String
    var number: Int
    var key: String
    var amount: Int64
    var currency: String
    var state: String
    var gatewayID: String?
    var declineCode: String?
    var rule: String
    var createdAt: String
    var settledAt: String?
  }
  struct Posted: Encodable {
    var position: Int64
    var at: String
    var service: String
    var kind: String
    var reference: String
    var currency: String
    var entries: [PostedEntry]
  }
  struct PostedEntry: Encodable {
    var ledgerAccount: String
    var amount: Int64
  }
  struct Mail: Encodable {
    var kind: String
    var about: String
    var state: String
    var reason: String?
  }
  struct Due: Encodable {
    var service: String
    var kind: String
    var reference: String
    var dueAt: String
  }

  /// What the three lines say.
  struct Stands: Encodable {
    var now: String
    var last: String
    var next: String
  }

  var account: String
  /// The first day it is a customer, and the first day it no longer is.
  var start: String?
  var end: String?
  var period: String?
  var standing: Stands
  var now: Snapshot
  var credit: Int64
  var invoices: [Invoice]
  var steps: [Step]
  var attempts: [AttemptMade]
  var transactions: [Posted]
  var mails: [Mail]
  var due: [Due]
  var tables: [PrintedTable]

  init(_ story: AccountHistory, period: Period?, takenAt: Instant) {
    let facts = story.facts
    account = facts.account.id
    start = facts.account.start?.description
    end = facts.account.end?.description
    self.period = period?.description
    let current = Standing(story, period: period, at: takenAt)
    standing = Stands(now: current.stands, last: current.last, next: current.next)
    now = facts.snapshot(at: takenAt)
    credit = facts.creditMinor
    invoices = story.invoices.map {
      Invoice(
        id: $0.id, number: $0.number, period: $0.period.description,
        currency: $0.currency.code, total: $0.totalMinor, open: $0.openMinor,
        status: $0.status.rawValue, issuedAt: $0.issuedAt.rfc3339)
    }
    steps = story.steps.map { step in
      Step(
        at: step.at.rfc3339, service: step.service.rawValue, message: step.messageID,
        rule: step.decision.rule, finding: step.decision.finding.rawValue,
        explanation: step.decision.explanation, believed: step.decision.believed,
        found: step.decision.found, events: step.events.map { Event(id: $0.id, type: $0.type) })
    }
    attempts = story.attempts.map {
      AttemptMade(
        invoice: $0.invoice, number: $0.number, key: $0.key, amount: $0.amountMinor,
        currency: $0.currency.code, state: $0.state.rawValue, gatewayID: $0.gatewayID,
        declineCode: $0.declineCode, rule: $0.rule, createdAt: $0.createdAt.rfc3339,
        settledAt: $0.settledAt?.rfc3339)
    }
    transactions = story.transactions.map {
      Posted(
        position: $0.position, at: $0.at.rfc3339, service: $0.service.rawValue, kind: $0.kind,
        reference: $0.reference, currency: facts.account.currency.code,
        entries: $0.entries.map { PostedEntry(ledgerAccount: $0.account, amount: $0.amountMinor) })
    }
    mails = story.mails.map {
      Mail(kind: $0.kind.rawValue, about: $0.about, state: $0.state.rawValue, reason: $0.reason)
    }
    due = story.due.map {
      Due(
        service: $0.service.rawValue, kind: $0.kind.rawValue, reference: $0.reference,
        dueAt: $0.dueAt.rfc3339)
    }
    tables = PrintedTable.tables(deciding: Set(story.steps.map(\.decision.rule)))
  }
}
