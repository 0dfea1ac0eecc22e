import Testing

@testable import closectl

extension Console {
  /// An empty ledger with account m-1, whose card is charged, and one flat fee of 10 CHF.
  func importFlatFee(_ scratch: Scratch) async throws {
    #expect(await run("init").status == .done)
    let accounts = try scratch.write(
      """
      account_id,name,email,currency,country,timezone,collection,payment_method,hold_after_days
      m-1,Anna,a@b.example,CHF,CH,Europe/Zurich,auto,pm_card_visa,7

      """, to: "accounts.csv")
    #expect(await run("import", "accounts", accounts).status == .done)
    let catalog = try scratch.write(
      """
      version: 1
      currency: CHF
      products:
        - { id: fee, name: Fee, price: { model: flat, amount: "10" } }
      """, to: "catalog.yaml")
    #expect(await run("import", "catalog", catalog).status == .done)
  }
}
