import Billing
import Ledger
import Testing

@Suite struct MailTests {
  private func mail(_ state: MailRecord.State, _ reason: String? = nil) -> MailRecord {
    MailRecord(
      about: "e", account: "meter-1", kind: .invoice, period: november, messageID: "<e@x>",
      state: state, reason: reason)
  }

  @Test(arguments: Implementation.all)
  func `Mail is intended once and ends once`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let key = MailKey(about: "e", account: "meter-1", kind: .invoice)
      #expect(try await store.mails([key]) == [:])
      let outcomes = try await store.commit(
        [
          change("a", decision: nil, .mail(mail(.intended))),
          change("b", decision: nil, .mail(mail(.intended))),
          change("c", .mailEnd(mail(.refused, "550"))), change("d", .mailEnd(mail(.sent))),
        ], published: [])
      #expect(
        outcomes == [
          .committed([]), .stale(.mailExists(about: "e")), .committed([]),
          .stale(.mailEnded(about: "e")),
        ])
      #expect(try await store.mails([key]) == [key: mail(.refused, "550")])
    }
  }

  @Test(arguments: Implementation.all)
  func `Suppressed mail has ended`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.commit(change("a", .mail(mail(.suppressed, "mail.paid"))))
      let outcome = try await store.commit(change("b", .mailEnd(mail(.sent))))
      #expect(outcome == .stale(.mailEnded(about: "e")))
      await #expect(throws: LedgerRefusal.self) {
        var other = mail(.sent)
        other.about = "never intended"
        _ = try await store.commit(change("c", .mailEnd(other)))
      }
    }
  }

  /// By a process that did not know of its end; counted once, whatever the end was.
  @Test(arguments: Implementation.all)
  func `Mail sent once more after its end is counted`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let key = MailKey(about: "e", account: "meter-1", kind: .invoice)
      _ = try await store.commit(change("a", decision: nil, .mail(mail(.intended))))
      _ = try await store.commit(change("again", decision: nil, .mailAgain(key)))
      #expect(try await store.mails([key]) == [key: mail(.intended)])
      _ = try await store.commit(change("b", .mailEnd(mail(.sent))))
      for _ in 1...2 {
        _ = try await store.commit(change("again", decision: nil, .mailAgain(key)))
        #expect(try await store.mails([key]) == [key: mail(.sent, MailRecord.resent)])
      }
    }
  }

  @Test(arguments: Implementation.all)
  func `Mail sent although it was given up is said to be perhaps there`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let key = MailKey(about: "e", account: "meter-1", kind: .invoice)
      _ = try await store.commit(change("a", .mail(mail(.suppressed, "mail.paid"))))
      for _ in 1...2 {
        _ = try await store.commit(change("again", decision: nil, .mailAgain(key)))
        #expect(
          try await store.mails([key]) == [
            key: mail(.suppressed, MailRecord.perhapsSent + "mail.paid")
          ])
      }
    }
  }

  /// Whoever writes next, and whatever that one knows.
  @Test(arguments: Implementation.all)
  func `A mail that may be there is kept as one`(_ store: Implementation) async throws {
    let perhaps = MailRecord.perhapsSent
    let ends: [(MailRecord.State, String?, String)] = [
      (.sent, nil, MailRecord.resent), (.refused, "550 5.1.1", perhaps + "550 5.1.1"),
      (.suppressed, perhaps + "mail.paid", perhaps + "mail.paid"),
    ]
    for (state, reason, kept) in ends {
      try await store.withStore { store in
        try await store.add(sampleAccount())
        let key = MailKey(about: "e", account: "meter-1", kind: .invoice)
        _ = try await store.commit(change("a", decision: nil, .mail(mail(.intended))))
        for why in [perhaps + "cut", "451", perhaps + "452"] {
          _ = try await store.commit(change("a", decision: nil, .mailWaits(key, why)))
        }
        #expect(try await store.mails([key]) == [key: mail(.intended, perhaps + "452")])
        _ = try await store.commit(change("b", .mailEnd(mail(state, reason))))
        #expect(try await store.mails([key]) == [key: mail(state, kept)])
      }
    }
  }

  @Test(arguments: Implementation.all)
  func `A mail with its end is reopened once and keeps what is known of it`(
    _ store: Implementation
  ) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let key = MailKey(about: "e", account: "meter-1", kind: .invoice)
      _ = try await store.commit(change("a", decision: nil, .mail(mail(.intended))))
      _ = try await store.commit(change("a", decision: nil, .mailWaits(key, "452 to RCPT")))
      #expect(try await store.mails([key]) == [key: mail(.intended, "452 to RCPT")])
      let tooEarly = try await store.commit(change("b", .mailReopen(mail(.refused))))
      #expect(tooEarly == .stale(.mailEnded(about: "e")))
      _ = try await store.commit(change("c", .mailEnd(mail(.refused, "550 5.1.1"))))
      _ = try await store.commit(change("c", decision: nil, .mailWaits(key, "452 to RCPT")))
      _ = try await store.commit(change("d", .mailReopen(mail(.refused, "550 5.1.1"))))
      #expect(try await store.mails([key])[key]?.isToBeSentAgain == true)
      let twice = try await store.commit(change("e", .mailReopen(mail(.refused))))
      #expect(twice == .stale(.mailEnded(about: "e")))
      _ = try await store.commit(change("f", decision: nil, .mail(mail(.intended))))
      #expect(try await store.mails([key]) == [key: mail(.intended)])
      let begun = try await store.commit(change("g", decision: nil, .mail(mail(.intended))))
      #expect(begun == .stale(.mailExists(about: "e")))
      _ = try await store.commit(change("h", .mailEnd(mail(.sent))))
      _ = try await store.commit(change("i", .mailReopen(mail(.sent))))
      #expect(try await store.mails([key])[key]?.isPerhapsSent == true, "it was delivered")
    }
  }

  @Test(arguments: Implementation.all)
  func `Mails are listed and counted by what became of them`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      var other = mail(.intended)
      other.about = "f"
      _ = try await store.commit(
        change("a", .mail(mail(.suppressed, "mail.paid")), .mail(other)))
      var question = MailQuestion(period: mail(.sent).period)
      #expect(try await store.mailList(question).map(\.about) == ["e", "f"])
      question.state = .intended
      #expect(try await store.mailList(question).map(\.about) == ["f"])
      #expect(try await store.mailList(MailQuestion(abouts: ["f", "x"])).map(\.about) == ["f"])
      #expect(try await store.mailList(MailQuestion(account: "meter-2")).isEmpty)
      if let period = mail(.sent).period {
        #expect(try await store.mailCounts(period).map(\.mails) == [1, 1])
      }
      var sent = other
      sent.state = .sent
      #expect(try await store.lastMailSent() == nil)
      _ = try await store.commit(change("b", .mailEnd(sent)))
      #expect(try await store.lastMailSent() != nil)
    }
  }
}
