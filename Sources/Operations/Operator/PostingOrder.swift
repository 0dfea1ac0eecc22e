import Billing
import Ledger

/// A payment that arrived by other means, or a granted credit.
public struct PostingOrder: Sendable {
  public enum Kind: Sendable {
    case payment, credit
  }
  public var kind: Kind
  public var account: String
  public var amount: Money
  /// Identifies it, so that it is recorded once.
  public var reference: String
  /// The invoices it is meant for, if given: these are paid first, in this order.
  public var invoices: [String]

  public init(
    _ kind: Kind, account: String, amount: Money, reference: String, invoices: [String] = []
  ) {
    self.kind = kind
    self.account = account
    self.amount = amount
    self.reference = reference
    self.invoices = invoices
  }
}

extension PostingOrder {
  var transactionKind: Transaction.Kind { kind == .payment ? .payment : .creditGrant }
  var source: LedgerAccount { kind == .payment ? .cash : .creditsGranted }
  var type: EventType { kind == .payment ? .paymentRecorded : .creditGranted }
  var messageID: String { "\(type.routingKey):\(account):\(reference)" }

  var refusal: String? {
    if amount.amountMinor <= 0 { return "the amount must be above zero, found \(amount)" }
    if !amount.isWithinLimit { return "\(MoneyError.aboveLimit(amount.currency))" }
    let isPlain = reference.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    let isBlank = reference.allSatisfy(\.isWhitespace)
    if isBlank || reference.utf8.count > 128 || !isPlain {
      return "the reference must be 1 to 128 bytes, not all blank, without control characters"
    }
    return nil
  }
}

/// What a payment or a credit does, or would do; or what one recorded earlier did, with the account
/// as it is now.
public struct PostingPlan: Sendable, Equatable {
  /// An invoice, the part paid, and what is open afterwards.
  public struct Part: Sendable, Equatable {
    public var invoice: String
    public var paidMinor: Int64
    public var openMinor: Int64

    public init(invoice: String, paidMinor: Int64, openMinor: Int64) {
      self.invoice = invoice
      self.paidMinor = paidMinor
      self.openMinor = openMinor
    }
  }

  public var account: String
  public var amount: Money
  public var paid: [Part]
  /// The part not used on any invoice.
  public var becameCreditMinor: Int64
  /// All unused credit of the account afterwards.
  public var creditMinor: Int64
  /// Every invoice of the account still open afterwards, oldest first; nothing is paid of them
  /// here.
  public var stillOpen: [Part]
}

extension PostingPlan {
  /// The effect of these entries on invoices, given what was open on each in `open`.
  init(
    account: String, amount: Money, _ entries: [Entry], creditMinor: Int64, open: [InvoiceFacts]
  ) {
    self.account = account
    self.amount = amount
    self.creditMinor = creditMinor
    var left = Dictionary(uniqueKeysWithValues: open.map { ($0.id, $0.openMinor) })
    var paid: [Part] = []
    var credit: Int64 = 0
    for entry in entries {
      if let invoice = entry.invoice {
        left[invoice, default: 0] += entry.amountMinor
        paid.append(
          Part(invoice: invoice, paidMinor: -entry.amountMinor, openMinor: left[invoice] ?? 0))
      } else if entry.ledgerAccount == .customerCredit {
        credit -= entry.amountMinor
      }
    }
    self.paid = paid
    becameCreditMinor = credit
    stillOpen = open.sorted { ($0.issuedAt, $0.number) < ($1.issuedAt, $1.number) }.compactMap {
      let open = left[$0.id] ?? 0
      return open > 0 ? Part(invoice: $0.id, paidMinor: 0, openMinor: open) : nil
    }
  }

  /// The effect of an earlier posting on invoices, given what is open on each now in `open`.
  init(earlier: IncomingPosting, amount: Money, creditMinor: Int64, open: [InvoiceFacts]) {
    let now = Dictionary(uniqueKeysWithValues: open.map { ($0.id, $0.openMinor) })
    account = earlier.account
    self.amount = amount
    self.creditMinor = creditMinor
    paid = earlier.entries.compactMap { entry in
      entry.invoice.map {
        Part(invoice: $0, paidMinor: -entry.amountMinor, openMinor: now[$0] ?? 0)
      }
    }
    becameCreditMinor = earlier.entries.filter { $0.ledgerAccount == .customerCredit }
      .reduce(0) { $0 - $1.amountMinor }
    stillOpen = open.map { Part(invoice: $0.id, paidMinor: 0, openMinor: $0.openMinor) }
  }

  /// `12.30 CHF by bank-1: 10.81 CHF of 2026-11/m-1, paid in full; 1.49 CHF became credit`
  public func sentence(_ reference: String) -> String {
    if paid.isEmpty { return "\(amount) by \(reference), all of it unused credit" }
    var parts = paid.map { part in
      "\(Money(part.paidMinor, amount.currency)) of \(part.invoice)"
        + (part.openMinor == 0 ? ", paid in full" : "")
    }
    if becameCreditMinor > 0 {
      parts.append("\(Money(becameCreditMinor, amount.currency)) became credit")
    }
    return "\(amount) by \(reference): \(parts.joined(separator: "; "))"
  }
}

public enum PostingOutcome: Sendable, Equatable {
  case done(PostingPlan)
  /// Already recorded, for the same amount; nothing changed now.
  case repeated(PostingPlan)
  case refused(String)
}
