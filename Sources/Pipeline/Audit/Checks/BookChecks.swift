import Billing
import Ledger

/// The ledger against itself.
extension AuditCheck {
  public static func balanced(_ tally: BalanceTally) -> AuditFinding {
    var offenders = tally.unbalanced
    offenders.add(tally.unbalancedCurrencies)
    return AuditFinding(
      .balanced, compared: tally.transactions,
      "\(tally.transactions) transactions in \(tally.currencies) currencies, "
        + "\(tally.unbalanced.total) do not sum to 0", offenders)
  }

  public static func oneInvoice(_ tally: InvoiceTally) -> AuditFinding {
    var offenders = tally.invoicedTwice
    offenders.add(tally.moved)
    return AuditFinding(
      .oneInvoice, compared: tally.invoices,
      "\(tally.invoices) invoices, \(tally.invoicedTwice.total) accounts invoiced twice, "
        + "\(tally.moved.total) over another amount than was posted", offenders)
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
      Offenders(problems))
  }

  /// Every total of the report, added up again from single kinds of entries.
  public static func report(_ totals: [FinanceTotals], _ sums: [EntrySum]) -> AuditFinding {
    let again = FinanceTotals.recomputed(from: sums)
    var offenders = Offenders()
    var compared = 0
    for reported in totals where reported.invoices > 0 {
      let entries = again[reported.currency] ?? FinanceTotals(currency: reported.currency)
      for (name, path) in reportedFigures {
        compared += 1
        let (said, found) = (reported[keyPath: path], entries[keyPath: path])
        if said != found {
          offenders.add("\(reported.currency) \(name): report \(said), entries \(found)")
        }
      }
      compared += 2
      if reported.revenueMinor != entries.revenueMinor {
        offenders.add("\(reported.currency) revenue by product")
      }
      if reported.taxByRateMinor != entries.taxByRateMinor {
        offenders.add("\(reported.currency) tax by rate")
      }
    }
    return AuditFinding(
      .report, compared: compared,
      "\(compared) figures of the report added up again, \(offenders.total) differ", offenders)
  }

  private static var reportedFigures: [(String, KeyPath<FinanceTotals, Int64>)] {
    [
      ("invoiced", \.invoicedMinor), ("tax", \.taxMinor), ("credited", \.creditedMinor),
      ("collected", \.collectedMinor), ("collected by the gateway", \.collectedByGatewayMinor),
      ("outstanding", \.outstandingMinor), ("sum of all entries", \.ledgerSumMinor),
    ]
  }

  /// opening + invoiced − paid − credited − written off = closing; nothing is written off yet.
  public static func conservation(_ tallies: [ConservationTally]) -> AuditFinding {
    var offenders = Offenders()
    for tally in tallies {
      offenders.add(tally.broken)
      let should =
        tally.openingMinor + tally.invoicedMinor - tally.paidMinor - tally.creditedMinor
      if should != tally.closingMinor {
        offenders.add("\(tally.currency): should be \(should), is \(tally.closingMinor)")
      }
    }
    let accounts = tallies.map(\.accounts).reduce(0, +)
    let equations = tallies.map { tally in
      let currency = tally.currency
      return "\(Money(tally.openingMinor, currency).decimalText) opening + "
        + "\(Money(tally.invoicedMinor, currency).decimalText) invoiced - "
        + "\(Money(tally.paidMinor, currency).decimalText) paid - "
        + "\(Money(tally.creditedMinor, currency).decimalText) credited = \(currency) "
        + Money(tally.closingMinor, currency).decimalText
    }
    return AuditFinding(
      .conservation, compared: accounts,
      "\(accounts) accounts: \(equations.joined(separator: "; "))", offenders)
  }
}
