import Billing
import Ledger

/// Data that can be rated but is probably a mistake. None of it stops a close.
struct StrangeInvoices: Encodable {
  enum Kind: String, Encodable {
    case farOverMonthBefore, correctionOverBilled, aboveMaximum, usageOutsideDates
  }

  struct Invoice: Encodable, Equatable {
    var account: String
    var kind: Kind
    var reason: String
  }

  /// How many times the month before is strange.
  static let times: Int64 = 5
  /// In major units: a smaller increase is not reported.
  static let leastMajor: Int64 = 100
  private static let shown = 20

  /// The operator's maximum, by currency.
  let maximum: [String: Int64]
  private(set) var count = 0
  private(set) var aboveMaximum = 0
  private(set) var invoices: [Invoice] = []

  init(maximum: [Money] = []) {
    self.maximum = Dictionary(
      maximum.map { ($0.currency.code, $0.amountMinor) }, uniquingKeysWith: min)
  }

  private enum CodingKeys: CodingKey { case count, aboveMaximum, invoices }

  /// `before` is the total of the invoice of the month before.
  mutating func look(at draft: InvoiceDraft, _ facts: InvoicingFacts, before: Int64?) {
    func amount(_ minor: Int64) -> String { money(minor, draft.currency.code) }
    if let most = maximum[draft.currency.code], draft.totalMinor > most {
      aboveMaximum += 1
      add(draft.account, .aboveMaximum, "\(amount(draft.totalMinor)) is above \(amount(most))")
    }
    if let before, Self.isFarOver(draft.totalMinor, before, draft.currency) {
      add(
        draft.account, .farOverMonthBefore,
        "\(amount(draft.totalMinor)), the month before \(amount(before))")
    }
    for late in facts.late where late.isInvoiced {
      let corrected = draft.lines.lazy.filter { $0.correctsPeriod == late.period }
        .reduce(Int128(0)) { $0 + Int128($1.amountMinor) }
      let billed = late.billed.lazy.filter { $0.period == late.period }
        .reduce(Int128(0)) { $0 + Int128($1.amountMinor) }
      guard corrected.magnitude > billed.magnitude, let minor = Int64(exactly: corrected),
        let billedMinor = Int64(exactly: billed)
      else { continue }
      add(
        draft.account, .correctionOverBilled,
        "corrects \(late.period) by \(amount(minor)), of which \(amount(billedMinor)) was billed")
    }
  }

  mutating func add(_ usage: DatedUsage, _ outside: UsageOutside) {
    func events(_ count: Int) -> String { count == 1 ? "1 event" : "\(grouped(count)) events" }
    let parts = [
      outside.beforeStart > 0 ? "\(events(outside.beforeStart)) from before its start" : nil,
      outside.afterEnd > 0 ? "\(events(outside.afterEnd)) from after its end" : nil,
    ].compactMap { $0 }
    add(
      usage.account, .usageOutsideDates,
      "\(parts.joined(separator: " and ")), billed anyway")
  }

  private static func isFarOver(_ total: Int64, _ before: Int64, _ currency: Currency) -> Bool {
    let least = (0..<currency.exponent).reduce(leastMajor) { least, _ in least * 10 }
    return before > 0 && total / times > before && total - before >= least
  }

  private mutating func add(_ account: String, _ kind: Kind, _ reason: String) {
    count += 1
    if invoices.count < Self.shown {
      invoices.append(Invoice(account: account, kind: kind, reason: reason))
    }
  }

  /// Empty when there is nothing strange.
  var lines: [String] {
    if count == 0 { return [] }
    let more = count - invoices.count
    return ["warning: check these before the close:"]
      + invoices.map { "  \(printable($0.account)): \($0.kind.words), \($0.reason)" }
      + (more > 0 ? ["  … and \(grouped(more)) more"] : [])
  }
}

extension StrangeInvoices.Kind {
  fileprivate var words: String {
    switch self {
    case .farOverMonthBefore: "far above the month before"
    case .correctionOverBilled: "correction larger than what was billed"
    case .aboveMaximum: "above --max"
    case .usageOutsideDates: "usage outside its dates"
    }
  }
}
