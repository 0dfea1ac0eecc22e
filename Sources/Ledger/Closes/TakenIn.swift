import Billing

/// A range of a close that is announced once more, for accounts that were taken in again.
public struct RangeAgain: Sendable, Equatable {
  public var number: Int
  /// 2 for the second time it is announced.
  public var attempt: Int
}

/// What another trigger added: accounts that were parked for lack of a catalog.
public struct TakenIn: Sendable, Equatable {
  public var accounts: Int
  /// To be published next.
  public var events: [StoredEvent]

  public init(accounts: Int = 0, events: [StoredEvent] = []) {
    self.accounts = accounts
    self.events = events
  }
}

/// Accounts of a close that were parked because it had no catalog in their currency.
public struct LackingCatalog: Sendable, Equatable {
  /// How many are kept by name.
  public static let mostNames = 5

  public var currency: String
  public var accounts: Int
  /// The first of them.
  public var first: [String]
  /// The catalog that prices the month now; `nil`: there is none yet.
  public var version: Int?
}
