import Billing

extension EventData {
  /// A part of an event's data that some types cannot do without.
  public enum Part: String, Sendable, CaseIterable {
    case period
    case snapshot
    case invoice = "snapshot.invoice"
    case range, charge, mail, payment

    /// `data.snapshot.invoice`
    public var place: String { "data.\(rawValue)" }
  }

  /// The parts that an event of this type must have. Senders may add others.
  public static func required(by type: EventType) -> [Part] {
    switch type {
    case .closeRequested, .closeStarted, .closeCompleted: [.period]
    case .closeRange: [.period, .range]
    case .dueCharge, .dueGrace: [.snapshot, .invoice]
    case .invoiceIssued: [.snapshot, .invoice]
    case .invoiceParked: [.snapshot]
    case .chargeSucceeded, .chargeDeclined: [.snapshot, .invoice, .charge]
    case .chargeSkipped: [.snapshot, .invoice]
    case .chargeParked: [.snapshot]
    case .paymentRecorded, .creditGranted: [.snapshot, .payment]
    case .creditApplied: [.snapshot, .invoice, .payment]
    case .holdPlaced: [.snapshot, .invoice]
    case .holdLifted: [.snapshot]
    case .mailSent, .mailSuppressed, .mailRefused: [.snapshot, .mail]
    }
  }

  public func has(_ part: Part) -> Bool {
    switch part {
    case .period: period != nil
    case .snapshot: snapshot != nil
    case .invoice: snapshot?.invoice != nil
    case .range: range != nil
    case .charge: charge != nil
    case .mail: mail != nil
    case .payment: payment != nil
    }
  }
}
