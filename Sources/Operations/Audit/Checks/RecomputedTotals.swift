import Billing
import Ledger

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
