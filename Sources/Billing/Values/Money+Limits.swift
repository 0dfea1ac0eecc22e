extension Money {
  /// No single amount is larger: 9,999,999,999,999.99 CHF. Thousands of such amounts can be added
  /// before a sum no longer fits.
  public static let largestMinor: Int64 = 999_999_999_999_999
  /// No account may owe, or be owed, more than this.
  public static let largestBalanceMinor: Int64 = 99_999_999_999_999_999

  public var isWithinLimit: Bool { Self.isWithinLimit(amountMinor) }

  public static func isWithinLimit(_ amountMinor: Int64) -> Bool {
    amountMinor.magnitude <= UInt64(largestMinor)
  }

  /// The largest amount, as people write it.
  public static func limit(_ currency: Currency) -> Money { Money(largestMinor, currency) }
}

extension AccountFacts {
  /// Throws when the account has come to owe, or to be owed, more than is kept. What makes the
  /// figure smaller is always allowed, so that a balance of former times can be put right.
  public func checkBalance(since before: AccountFacts) throws {
    guard balanceMinor.magnitude > UInt64(Money.largestBalanceMinor),
      balanceMinor.magnitude > before.balanceMinor.magnitude
    else { return }
    throw MoneyError.balanceAboveLimit(account.currency)
  }
}
