import Billing
import FoundationEssentials
import Ledger
import Services

/// A record to keep of a close in which every invariant holds: figures from entries up to one
/// position of the ledger, so that the same position always gives the same bytes. It contains no
/// creation time, and nothing about the queues, whose state is only that of the moment.
public struct Certificate: Sendable {
  public let bytes: [UInt8]

  /// `position`: of the ledger; `nil` takes the report's.
  public static func make(
    of report: AuditReport, from ledger: LedgerStore, at position: Int64? = nil
  ) async throws -> Certificate {
    let newest = try await ledger.position()
    let position = position ?? report.position
    guard position <= newest else {
      throw AuditFault.positionAhead(asked: position, ledger: newest)
    }
    guard let run = try await ledger.run(report.period), run.state == .closed else {
      throw AuditFault.notClosed(report.period)
    }
    let broken = report.findings.filter { $0.verdict == .broken }.map(\.invariant)
    guard broken.isEmpty else { throw AuditFault.broken(broken) }
    let charges = try await CertifiedCharge.all(report.period, from: ledger, upTo: position)
    let sums = try await ledger.entrySums(report.period, upTo: position)
    let document = CertificateDocument(
      report, accounts: run.expected, position: position, sums: sums, charges: charges)
    return Certificate(bytes: try document.bytes())
  }
}

/// A charge as the certificate's digest has it.
struct CertifiedCharge: Sendable, Equatable {
  var gatewayID: String
  var invoice: String
  var amountMinor: Int64
  var currency: Currency

  var line: String { "\(gatewayID) \(invoice) \(amountMinor) \(currency)\n" }

  /// By gateway id and invoice.
  static func all(
    _ period: Period, from ledger: LedgerStore, upTo position: Int64
  ) async throws -> [CertifiedCharge] {
    try await ledger.auditedAttempts(period).compactMap { attempt -> CertifiedCharge? in
      guard let posted = attempt.posted, posted.sequence <= position else { return nil }
      return CertifiedCharge(
        gatewayID: attempt.gatewayID ?? "", invoice: attempt.invoice,
        amountMinor: posted.amountMinor, currency: attempt.currency)
    }.sorted { ($0.gatewayID, $0.invoice) < ($1.gatewayID, $1.invoice) }
  }

  static func digest(_ charges: [CertifiedCharge]) -> String {
    let digest = SHA256Digest()
    for charge in charges { digest.update(charge.line) }
    return digest.hexadecimal()
  }
}

/// Amounts in minor units of the currency beside them.
struct CertificateDocument: Encodable, Equatable {
  struct Totals: Encodable, Equatable {
    var currency: String
    var invoicesPosted: Int
    var invoiced: Int64
    var tax: Int64
    var credited: Int64
    var collected: Int64
    var collectedByGateway: Int64
    var outstanding: Int64
    var charges: Int
    var charged: Int64
  }

  var certificate = "month-close 1"
  var period: String
  var ledgerPosition: Int64
  var accounts: Int
  var currencies: [Totals]
  var charges: Int
  /// Of one line a charge, sorted: gateway id, invoice, amount, currency.
  var chargesSHA256: String
  var invariants: [String: String]

  init(
    _ report: AuditReport, accounts: Int, position: Int64, sums: [EntrySum],
    charges: [CertifiedCharge]
  ) {
    period = report.period.description
    ledgerPosition = position
    self.accounts = accounts
    self.charges = charges.count
    chargesSHA256 = CertifiedCharge.digest(charges)
    currencies = Self.totals(sums, charges)
    invariants = Self.verdicts(report)
  }

  private static func totals(_ sums: [EntrySum], _ charges: [CertifiedCharge]) -> [Totals] {
    let figures = FinanceTotals.recomputed(from: sums)
    return figures.keys.sorted { $0.code < $1.code }.map { currency in
      let totals = figures[currency] ?? FinanceTotals(currency: currency)
      let own = charges.filter { $0.currency == currency }
      return Totals(
        currency: currency.code,
        invoicesPosted: sums.filter { $0.currency == currency && $0.isReceivableOfInvoices }
          .map(\.transactions).reduce(0, +),
        invoiced: totals.invoicedMinor, tax: totals.taxMinor, credited: totals.creditedMinor,
        collected: totals.collectedMinor, collectedByGateway: totals.collectedByGatewayMinor,
        outstanding: totals.outstandingMinor, charges: own.count,
        charged: own.map(\.amountMinor).reduce(0, +))
    }
  }

  /// A ledger position says nothing about the current contents of the queues.
  private static func verdicts(_ report: AuditReport) -> [String: String] {
    let ofNow: Set<Invariant> = [
      .noLoss, .noGhost, .honestDeadLetters, .quiet, .unknownSettled,
    ]
    var verdicts: [String: String] = [:]
    for finding in report.findings where !ofNow.contains(finding.invariant) {
      verdicts[finding.invariant.rawValue] = finding.certified
    }
    return verdicts
  }

  func bytes() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
  }
}

extension AuditFinding {
  fileprivate var certified: String {
    if verdict == .notChecked { return "not checked" }
    return isOfRecordOnly ? "holds by the ledger's record" : "holds"
  }
}

extension EntrySum {
  /// What an invoice's own transaction has exactly one of: the amount owed, or the credit it
  /// became.
  fileprivate var isReceivableOfInvoices: Bool {
    kind == .invoice
      && [LedgerAccount.receivable.name, LedgerAccount.customerCredit.name].contains(ledgerAccount)
  }
}
