/// One line of an invoice: a product's charge, or a correction of an earlier period.
public struct InvoiceLine: Sendable, Equatable {
  public var product: String
  public var text: String
  /// Billed quantity, `nil` for flat fees.
  public var quantity: ExactDecimal?
  public var unit: String?
  /// Rounded half away from zero to the minor unit. Negative on corrections in the customer's
  /// favour.
  public var amountMinor: Int64
  public var taxName: String?
  /// As in the catalog, `"0.081"`; `nil`: no tax.
  public var taxRate: String?
  /// The earlier period a correction is for.
  public var correctsPeriod: Period?

  public init(
    product: String, text: String, quantity: ExactDecimal?, unit: String?, amountMinor: Int64,
    taxName: String?, taxRate: String?, correctsPeriod: Period? = nil
  ) {
    self.product = product
    self.text = text
    self.quantity = quantity
    self.unit = unit
    self.amountMinor = amountMinor
    self.taxName = taxName
    self.taxRate = taxRate
    self.correctsPeriod = correctsPeriod
  }
}

/// Tax at one rate: taken on the sum of its lines and rounded once (EN 16931, BR-CO-10).
public struct TaxTotal: Sendable, Equatable {
  public var name: String
  public var rate: String
  public var taxableMinor: Int64
  public var amountMinor: Int64

  public init(name: String, rate: String, taxableMinor: Int64, amountMinor: Int64) {
    self.name = name
    self.rate = rate
    self.taxableMinor = taxableMinor
    self.amountMinor = amountMinor
  }
}

/// What was billed of one metric for one period, kept so that later usage for that period is found
/// by comparing and billed as the difference.
public struct BilledUsage: Sendable, Equatable {
  public var period: Period
  public var product: String
  public var quantity: ExactDecimal
  /// The product's amount for that period so far, corrections included, before tax.
  public var amountMinor: Int64

  public init(period: Period, product: String, quantity: ExactDecimal, amountMinor: Int64) {
    self.period = period
    self.product = product
    self.quantity = quantity
    self.amountMinor = amountMinor
  }
}

/// An invoice before the ledger has given it a number.
public struct InvoiceDraft: Sendable, Equatable {
  public var account: String
  public var period: Period
  public var currency: Currency
  public var catalogVersion: Int
  public var lines: [InvoiceLine]
  public var taxes: [TaxTotal]
  public var netMinor: Int64
  public var taxMinor: Int64
  public var totalMinor: Int64
  /// The state of every product's billing after this invoice, own period and corrected ones.
  public var billed: [BilledUsage]
  /// The days that its flat fees are for.
  public var days: ActiveDays

  /// Without `days`: all of the month's.
  public init(
    account: String, period: Period, currency: Currency, catalogVersion: Int,
    lines: [InvoiceLine], taxes: [TaxTotal], netMinor: Int64, taxMinor: Int64, totalMinor: Int64,
    billed: [BilledUsage], days: ActiveDays? = nil
  ) {
    self.account = account
    self.period = period
    self.currency = currency
    self.catalogVersion = catalogVersion
    self.lines = lines
    self.taxes = taxes
    self.netMinor = netMinor
    self.taxMinor = taxMinor
    self.totalMinor = totalMinor
    self.billed = billed
    self.days = days ?? .all(of: period)
  }

  /// One invoice per account and period: the id says which. A voided one's successor has a suffix.
  public var id: String { "\(period)/\(account)" }
}
