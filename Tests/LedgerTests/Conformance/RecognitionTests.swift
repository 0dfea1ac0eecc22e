import Billing
import Ledger
import Testing

@Suite struct RecognitionTests {
  private func received(
    _ id: String, by sender: ServiceName? = .invoicer, body: [UInt8]? = nil
  ) -> ReceivedMessage {
    ReceivedMessage(id: id, sender: sender, body: body ?? sampleEvent(id).body)
  }

  @Test(arguments: Implementation.all)
  func `Only what was committed is recognised`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.commit(
        change("m", by: .invoicer, events: [sampleEvent("e"), sampleEvent("f")]))
      let messages = [
        received("e"), received("e", body: [1]), received("e", by: .mailer), received("g"),
        received("e", body: []), received("t", by: nil), received("f"),
      ]
      let expected: [Recognition] = [
        .fresh, .notCommitted(.otherBytes), .notCommitted(.anotherService("invoicer")),
        .notCommitted(.noSuchEvent), .notCommitted(.otherBytes), .fresh, .fresh,
      ]
      #expect(try await store.recognise(messages, by: .charger) == expected)
      for (message, expected) in zip(messages, expected) {
        #expect(try await store.recognise([message], by: .charger) == [expected], "alone")
      }
      #expect(try await store.recognise([], by: .charger) == [])
    }
  }

  /// Of two events with one id each service's own counts.
  @Test(arguments: Implementation.all)
  func `Each services event is its own`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      var other = sampleEvent("e")
      other.body = [7]
      _ = try await store.commit(change("m", by: .invoicer, events: [sampleEvent("e")]))
      _ = try await store.commit(change("m", by: .closectl, events: [other]))
      let found = try await store.recognise(
        [received("e"), received("e", by: .closectl), received("e", by: .closectl, body: [7])],
        by: .mailer)
      #expect(found == [.fresh, .notCommitted(.otherBytes), .fresh])
    }
  }

  @Test(arguments: Implementation.all)
  func `Answered messages come with their events, uncommitted ones do not`(
    _ store: Implementation
  ) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.commit(
        change("m", by: .invoicer, events: [sampleEvent("e"), sampleEvent("f")]))
      guard
        case .committed(let made) = try await store.commit(
          change("e", by: .charger, events: [sampleEvent("made")]))
      else {
        Issue.record("not committed")
        return
      }
      // An answer under an id that no event has, as of a forged message in earlier versions.
      _ = try await store.commit(change("next-month", by: .charger))
      let messages = [
        received("e"), received("f"), received("e", body: [1]), received("next-month"),
        received("next-month", by: nil),
      ]
      #expect(
        try await store.recognise(messages, by: .charger) == [
          .answered(made), .fresh, .notCommitted(.otherBytes), .notCommitted(.noSuchEvent),
          .answered([]),
        ])
      #expect(try await store.recognise([received("e")], by: .mailer) == [.fresh])
      _ = try await store.commit([], published: made.map(\.sequence))
      #expect(try await store.recognise([received("e")], by: .charger) == [.answered([])])
    }
  }
}
