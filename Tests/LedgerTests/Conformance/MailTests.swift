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
  func mailIsIntendedOnceAndEndsOnce(_ store: Implementation) async throws {
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
  func suppressedMailHasEnded(_ store: Implementation) async throws {
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
}
