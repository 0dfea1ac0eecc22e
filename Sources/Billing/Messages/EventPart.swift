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
