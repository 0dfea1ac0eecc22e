import Billing
import Ledger
import Testing

/// What an audit asks, of a ledger in which all is right.
@Suite struct StoreAuditTests {
  /// Charged and posted; declined and due again; paid from outside; on credit.
  private func fill(_ store: LedgerStore) async throws {
    try await store.add(
      sampleAccount("a"), sampleAccount("b"), sampleAccount("c"), sampleAccount("d"))
    let request = RunRequest(period: november, messageID: "t", rangeSize: 50, at: noon)
    _ = try await store.openRun(request) { _ in [sampleEvent("close", account: nil)] }
    _ = try await store.issue("c", period: october)
    for account in ["a", "b", "c"] { _ = try await store.issue(account) }
    let attempt = sampleAttempt("a")
    var settled = attempt
    settled.state = .succeeded
    settled.gatewayID = "pi_1"
    settled.settledAt = noon
    _ = try await store.commit(
      change(
        "ca", account: "a", .attempt(attempt), .settle(settled),
        .post(try .charge(attempt, openMinor: 1081)), end("a", .paid),
        events: [sampleEvent("succeeded", account: "a")]))
    _ = try await store.commit(
      change(
        "cb", account: "b", .attempt(sampleAttempt("b", state: .declinedSoft)),
        .schedule(
          DueWork(
            service: .charger, kind: .dueCharge, reference: "2026-11/b:2", account: "b",
            invoice: "2026-11/b", dueAt: noon.adding(days: 3), causationID: nil)),
        end("b", .retryScheduled)))
    let payment = try paying(500, account: "c", invoice: "2026-11/c")
    _ = try await store.commit(
      change("pc", by: .closectl, account: "c", .post(payment), end("c", .awaitingPayment)))
  }

  private func end(_ account: String, _ end: AccountEnd) -> Write {
    .progress(account: account, period: november, reached: .all, end: end)
  }

  @Test(arguments: Implementation.all)
  func `Sound books have no offenders`(_ store: Implementation) async throws {
    try await store.withStore { store in
      #expect(try await store.position() == 0)
      try await fill(store)
      #expect(try await store.position() == 6)
      let balance = try await store.balanceTally()
      #expect((balance.transactions, balance.currencies) == (6, 1))
      #expect(balance.unbalanced.isEmpty && balance.unbalancedCurrencies.isEmpty)
      let invoices = try await store.invoiceTally(november)
      #expect((invoices.invoices, invoices.invoicedTwice.total, invoices.moved.total) == (3, 0, 0))
      let once = try await store.repetitionTally()
      #expect((once.transactions, once.events, once.repeated.total) == (6, 2, 0))
      #expect(try await store.chargesWithoutAttempt().isEmpty)
    }
  }

  @Test(arguments: Implementation.all)
  func `Attempts come with what was posted`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await fill(store)
      let attempts = try await store.auditedAttempts(november)
      #expect(attempts.map(\.invoice) == ["2026-11/a", "2026-11/b"])
      #expect(attempts.map(\.state) == [.succeeded, .declinedSoft])
      #expect(attempts[0].posted == .init(sequence: 5, amountMinor: 1081))
      #expect(attempts[0].gatewayID == "pi_1")
      #expect(attempts[1].posted == nil)
      #expect(attempts.map(\.hasDueWork) == [false, true])
      #expect(try await store.auditedAttempts(october) == [])
    }
  }

  @Test(arguments: Implementation.all)
  func `Members are held against their invoices`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await fill(store)
      var tally = try await store.memberTally(november)
      #expect((tally.members, tally.finished) == (4, 3))
      #expect(tally.ends == [.paid: 1, .retryScheduled: 1, .awaitingPayment: 1])
      #expect(tally.unfinished.ids == ["d"])
      #expect(tally.contradicted.isEmpty && tally.withoutRetry.isEmpty)
      _ = try await store.commit(
        change(
          "cancelled", account: "b",
          .cancelDue(
            service: .charger, kind: .dueCharge, invoice: "2026-11/b")))
      _ = try await store.commit(change("ends", account: "d", end("d", .nothingDue)))
      tally = try await store.memberTally(november)
      #expect(tally.withoutRetry.ids == ["b"])
      #expect(tally.contradicted.ids == ["d: nothingDue, no invoice"])
    }
  }

  @Test(arguments: Implementation.all)
  func `Accounts are conserved from opening to closing`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await fill(store)
      let tally = try #require(try await store.conservation(november).first)
      #expect(tally.accounts == 4)
      #expect((tally.openingMinor, tally.invoicedMinor) == (1081, 3 * 1081))
      #expect((tally.paidMinor, tally.creditedMinor) == (1081 + 500, 0))
      #expect(tally.closingMinor == 1081 + 3 * 1081 - 1581)
      #expect(tally.broken.isEmpty)
    }
  }

  @Test(arguments: Implementation.all)
  func `Sums of entries end at their position`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await fill(store)
      func sum(_ position: Int64, _ kind: Transaction.Kind, _ name: String) async throws -> [Int64]
      {
        try await store.entrySums(november, upTo: position)
          .filter { $0.kind == kind && $0.ledgerAccount == name }
          .flatMap { [$0.amountMinor, Int64($0.transactions)] }
      }
      #expect(try await sum(6, .invoice, "receivable") == [3 * 1081, 3])
      #expect(try await sum(2, .invoice, "receivable") == [1081, 1])
      #expect(try await sum(6, .charge, "gateway_clearing") == [1081, 1])
      #expect(try await sum(4, .charge, "gateway_clearing") == [])
      #expect(try await sum(6, .payment, "receivable") == [-500, 1])
      #expect(try await sum(6, .payment, "cash") == [])
    }
  }

  @Test(arguments: Implementation.all)
  func `Who made what is counted`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await fill(store)
      let all = try await store.authorship()
      #expect(
        all.contains(
          Provenance(
            .transaction, kind: "invoice", service: "invoicer", count: 4,
            example: "transaction 1")))
      #expect(
        all.contains(
          Provenance(
            .decision, kind: "test", service: "closectl", count: 1, example: "pc")))
      #expect(all.filter { $0.work == .event }.map(\.kind) == ["invoice.issued", "invoice.issued"])
    }
  }

  @Test(arguments: Implementation.all)
  func `An event is due until the service has answered`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await fill(store)
      func unanswered() async throws -> [String] {
        let tally = try await store.deliveryTally(
          november, to: .mailer, routingKeys: ["invoice.issued", "x"])
        #expect(tally.events == 2)
        #expect(tally.unanswered.allSatisfy { !$0.isPublished })
        return tally.unanswered.map(\.id)
      }
      #expect(try await unanswered() == ["close", "succeeded"])
      _ = try await store.commit(change("succeeded", by: .mailer, account: "a"))
      _ = try await store.commit(change("close", by: .reporter, account: nil))
      #expect(try await unanswered() == ["close"])
      _ = try await store.commit(change("close#parked", by: .mailer, account: nil))
      #expect(try await unanswered() == [])
      let other = try await store.deliveryTally(november, to: .mailer, routingKeys: ["x"])
      #expect(other.events == 0)
      let bodies = try await store.committedBodies(["close", "never"])
      #expect(bodies == ["close": [sampleEvent("close").body]])
    }
  }

  @Test(arguments: Implementation.all)
  func `Mails are told by their message I ds`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await fill(store)
      var mail = MailRecord(
        about: "e", account: "a", kind: .receipt, period: november, messageID: "e.receipt",
        state: .intended)
      _ = try await store.commit(change("m1", by: .mailer, account: "a", .mail(mail)))
      #expect(
        try await store.auditedMails(november)
          == [AuditedMail(messageID: "e.receipt", state: .intended, isResent: false)])
      mail.state = .sent
      mail.reason = MailRecord.resent
      _ = try await store.commit(change("m2", by: .mailer, account: "a", .mailEnd(mail)))
      #expect(
        try await store.auditedMails(november)
          == [AuditedMail(messageID: "e.receipt", state: .sent, isResent: true)])
      #expect(try await store.auditedMails(october) == [])
      #expect(try await store.knownMessageIDs(["e.receipt", "x"]) == ["e.receipt"])
    }
  }
}
