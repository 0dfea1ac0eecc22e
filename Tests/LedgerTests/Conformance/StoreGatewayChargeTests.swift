import Billing
import Ledger
import Testing

/// What the ledger has of charges at the gateway.
@Suite struct StoreGatewayChargeTests {
  private static func found(
    _ id: String, payment: String? = nil, attempt: Int? = 1
  ) -> FoundCharge {
    FoundCharge(
      id: id, payment: payment, attempt: attempt, amountMinor: 1081, currency: "CHF",
      state: .succeeded, madeAt: noon)
  }

  private static func record(
    _ charge: FoundCharge, _ decision: GatewayChargeRecord.Decision = .takenOver,
    invoice: String = "2026-11/meter-1"
  ) -> GatewayChargeRecord {
    GatewayChargeRecord(
      charge: charge, invoice: invoice, decision: decision, operatorName: "anna", reason: "r")
  }

  @Test(arguments: Implementation.all)
  func `A charge is remembered by its attempt and its payment`(_ store: Implementation) async throws
  {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      var attempt = sampleAttempt(state: .succeeded)
      attempt.gatewayID = "pi_1"
      attempt.settledAt = noon
      _ = try await store.commit(
        change("m", .attempt(attempt), .post(try .charge(attempt, openMinor: 1081))))
      let names = [
        ChargeName(charge: "ch_1", payment: "pi_1", invoice: "2026-11/meter-1", attempt: 1),
        ChargeName(charge: "ch_2", payment: "pi_2", invoice: "2026-11/meter-1", attempt: 2),
        ChargeName(charge: "ch_3", payment: "pi_1", invoice: "2026-11/other", attempt: nil),
      ]
      let remembered = try await store.remembered(names)
      #expect(
        remembered == [
          RememberedCharge(
            isInvoiceKnown: true, attempt: .succeeded, attemptPayment: "pi_1",
            countedFor: "2026-11/meter-1"),
          RememberedCharge(isInvoiceKnown: true),
          RememberedCharge(countedFor: "2026-11/meter-1"),
        ])
      #expect(try await store.counted(["pi_1", "pi_2"]) == ["pi_1": "2026-11/meter-1"])
      #expect(try await store.remembered([]) == [])
    }
  }

  @Test(arguments: Implementation.all)
  func `What is taken over is there before its invoice`(_ store: Implementation) async throws {
    try await store.withStore { store in
      let first = Self.found("ch_1", payment: "pi_1")
      _ = try await store.commit(
        change(
          "r", by: .closectl, account: nil, .record(Self.record(first)),
          .record(Self.record(Self.found("ch_2"), .foreign))))
      // What was decided first stays.
      _ = try await store.commit(
        change(
          "r2", by: .closectl, account: nil, decision: nil,
          .record(Self.record(first, .foreign))))
      let invoices = (1...70).map { "2026-11/\($0)" } + ["2026-11/meter-1"]
      #expect(try await store.takenOver(of: invoices) == ["2026-11/meter-1": [first]])
      #expect(try await store.takenOver(of: []) == [:])
      let name = ChargeName(charge: "ch_2", payment: nil, invoice: "2026-11/meter-1", attempt: 1)
      #expect(try await store.remembered([name]) == [RememberedCharge(decision: .foreign)])
    }
  }

  @Test(arguments: Implementation.all)
  func `A counted one says so`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      var attempt = sampleAttempt(state: .succeeded)
      attempt.gatewayID = "pi_1"
      _ = try await store.commit(
        change(
          "m", .record(Self.record(Self.found("ch_1", payment: "pi_1"))), .attempt(attempt),
          .post(try .charge(attempt, openMinor: 1081))))
      let found = try await store.takenOver(of: ["2026-11/meter-1"])
      #expect(found["2026-11/meter-1"]?.map(\.isCounted) == [true])
    }
  }

  @Test(arguments: Implementation.all)
  func `A payment is counted for one invoice`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount("a"), sampleAccount("b"))
      for account in ["a", "b"] { _ = try await store.issue(account) }
      var attempts = ["a", "b"].map { sampleAttempt($0, state: .succeeded) }
      for index in attempts.indices { attempts[index].gatewayID = "pi_1" }
      _ = try await store.commit(change("m", account: "a", .attempt(attempts[0])))
      await #expect(throws: (any Error).self) {
        _ = try await store.commit(change("n", account: "b", .attempt(attempts[1])))
      }
    }
  }

  @Test(arguments: Implementation.all)
  func `A gateway that keeps keys is remembered`(_ store: Implementation) async throws {
    try await store.withStore { store in
      #expect(try await !store.keepsKeys("https://g"))
      for message in ["a", "b"] {
        _ = try await store.commit(
          change(message, account: nil, decision: nil, .keysKept(gateway: "https://g")))
      }
      #expect(try await store.keepsKeys("https://g"))
      #expect(try await !store.keepsKeys("https://other"))
    }
  }
}
