import Billing
import Ledger

/// The ledger against itself.
extension AuditCheck {
  public static func balanced(_ tally: BalanceTally) -> AuditFinding {
    var violations = tally.unbalanced
    violations.add(tally.unbalancedCurrencies)
    return AuditFinding(
      .balanced, compared: tally.transactions,
      "\(tally.transactions) transactions in \(tally.currencies) currencies, "
        + "\(tally.unbalanced.total) do not sum to 0", violations)
  }

  public static func oneInvoice(_ tally: InvoiceTally) -> AuditFinding {
    var violations = tally.invoicedTwice
    violations.add(tally.moved)
    return AuditFinding(
      .oneInvoice, compared: tally.invoices,
      "\(tally.invoices) invoices, \(tally.invoicedTwice.total) accounts invoiced twice, "
        + "\(tally.moved.total) whose amount differs from the posting", violations)
  }

  public static func once(_ tally: RepetitionTally) -> AuditFinding {
    AuditFinding(
      .once, compared: tally.answers + tally.transactions + tally.events,
      "\(tally.answers) answers, \(tally.transactions) postings and \(tally.events) events, "
        + "\(tally.repeated.total) made twice", tally.repeated)
  }

  public static func soundStore(_ problems: [String]) -> AuditFinding {
    AuditFinding(
      .soundStore, compared: 1, "the file and its sums: \(problems.count) problems",
      Violations(problems))
  }

  /// Every total of the report, added up again from single kinds of entries.
  public static func report(_ totals: [FinanceTotals], _ sums: [EntrySum]) -> AuditFinding {
    let again = FinanceTotals.recomputed(from: sums)
    var violations = Violations()
    var compared = 0
    for reported in totals where reported.invoices > 0 {
      let entries = again[reported.currency] ?? FinanceTotals(currency: reported.currency)
      for (name, path) in reportedFigures {
        compared += 1
        let (stated, found) = (reported[keyPath: path], entries[keyPath: path])
        if stated != found {
          let (stated, found) = (Money(stated, reported.currency), Money(found, reported.currency))
          violations.add("\(reported.currency) \(name): report \(stated), entries \(found)")
        }
      }
      compared += 2
      if reported.revenueMinor != entries.revenueMinor {
        violations.add("\(reported.currency) revenue by product")
      }
      if reported.taxByRateMinor != entries.taxByRateMinor {
        violations.add("\(reported.currency) tax by rate")
      }
    }
    return AuditFinding(
      .report, compared: compared,
      "\(compared) report figures recomputed, \(violations.total) differ", violations)
  }

  private static var reportedFigures: [(String, KeyPath<FinanceTotals, Int64>)] {
    [
      ("invoiced", \.invoicedMinor), ("tax", \.taxMinor), ("credited", \.creditedMinor),
      ("collected", \.collectedMinor), ("collected by the gateway", \.collectedByGatewayMinor),
      ("outstanding", \.outstandingMinor), ("sum of all entries", \.ledgerSumMinor),
    ]
  }

  /// Opening + invoices − money received − credits granted − written off = closing; nothing is
  /// written off yet. These are of all accounts since the month's first invoice, hence other words
  /// than the report's, whose `invoiced`, `credited` and `collected` are of the month's invoices.
  public static func conservation(_ tallies: [ConservationTally]) -> AuditFinding {
    var violations = Violations()
    for tally in tallies {
      violations.add(tally.broken)
      let should =
        tally.openingMinor + tally.invoicedMinor - tally.paidMinor - tally.creditedMinor
      if should != tally.closingMinor {
        let (wanted, found) = (
          Money.decimalText(should, tally.currency),
          Money.decimalText(tally.closingMinor, tally.currency)
        )
        violations.add("\(tally.currency): should be \(wanted), is \(found)")
      }
    }
    let accounts = tallies.map(\.accounts).reduce(0, +)
    let equations = tallies.map { tally in
      func figure(_ minor: Int128) -> String {
        "\(Money.decimalText(minor, tally.currency)) \(tally.currency)"
      }
      return "\(figure(tally.openingMinor)) owed before + \(figure(tally.invoicedMinor)) "
        + "in invoices since - \(figure(tally.paidMinor)) received - "
        + "\(figure(tally.creditedMinor)) in credits granted = "
        + "\(figure(tally.closingMinor)) owed now"
    }
    return AuditFinding(
      .conservation, compared: accounts,
      "\(accounts) accounts: \(equations.joined(separator: "; "))", violations)
  }
}

extension FinanceTotals {
  /// The report's figures from sums of entries, without the invoices' own amounts. They are only
  /// compared with the report's, whose figures fit: what wraps around differs from them.
  static func recomputed(from sums: [EntrySum]) -> [Currency: FinanceTotals] {
    var all: [Currency: FinanceTotals] = [:]
    for sum in sums {
      all[sum.currency, default: FinanceTotals(currency: sum.currency)].add(sum)
    }
    return all
  }

  private mutating func add(_ sum: EntrySum) {
    let amount = sum.amountMinor
    switch (sum.kind, sum.ledgerAccount) {
    case (_, LedgerAccount.receivable.name): addReceivable(sum.kind, amount)
    case (.invoice, let name) where name.hasPrefix("revenue:"):
      invoicedMinor &-= amount
      revenueMinor[String(name.dropFirst("revenue:".count)), default: 0] &-= amount
    case (.invoice, let name) where name.hasPrefix("tax:"):
      invoicedMinor &-= amount
      taxMinor &-= amount
      taxByRateMinor[Self.rate(name), default: 0] &-= amount
    case (.charge, LedgerAccount.gatewayClearing.name):
      collectedMinor &+= amount
      collectedByGatewayMinor &+= amount
    case (.charge, LedgerAccount.customerCredit.name),
      (.invoice, LedgerAccount.customerCredit.name):
      creditedMinor &+= amount
    default: break
    }
  }

  private mutating func addReceivable(_ kind: Transaction.Kind, _ amount: Int64) {
    outstandingMinor &+= amount
    switch kind {
    case .creditApplied, .creditGrant, .creditReversal: creditedMinor &-= amount
    case .payment, .paymentReversal: collectedMinor &-= amount
    case .invoice, .charge: break
    }
  }

  /// `tax:MWST:0.081` as `MWST 0.081`.
  private static func rate(_ name: String) -> String {
    let tax = name.dropFirst("tax:".count)
    guard let colon = tax.lastIndex(of: ":") else { return String(tax) }
    return "\(tax[..<colon]) \(tax[tax.index(after: colon)...])"
  }
}
