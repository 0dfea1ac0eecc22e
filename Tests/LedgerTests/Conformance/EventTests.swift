import Billing
import Ledger
import Testing

@Suite struct EventTests {
  @Test(arguments: Implementation.all)
  func `Same id again returns what is stored`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      guard
        case .committed(let first) = try await store.commit(
          change("m", events: [sampleEvent("e")]))
      else {
        Issue.record("not committed")
        return
      }
      var other = sampleEvent("e")
      other.body = [1, 2, 3]
      #expect(try await store.commit(change("n", events: [other])) == .committed(first))
      let byOther = try await store.commit(change("m", by: .holder, events: [sampleEvent("e")]))
      #expect(byOther != .committed(first), "another service's event is another event")
    }
  }

  @Test(arguments: Implementation.all)
  func `Unpublished come oldest first until confirmed`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let later = noon.adding(seconds: 60)
      _ = try await store.commit(
        change("m", events: [sampleEvent("a"), sampleEvent("b", account: nil)]))
      _ = try await store.commit(change("n", events: [sampleEvent("c")], at: later))
      _ = try await store.commit(change("o", by: .holder, events: [sampleEvent("d")]))

      #expect(try await store.unpublished(by: .charger, before: noon, limit: 9) == [])
      let old = try await store.unpublished(by: .charger, before: later, limit: 9)
      #expect(old.map(\.event) == [sampleEvent("a"), sampleEvent("b", account: nil)])
      #expect(old.map(\.service) == [.charger, .charger])
      let all = try await store.unpublished(by: .charger, before: .future, limit: 2)
      #expect(all == old)

      _ = try await store.commit([change("p")], published: old.map(\.sequence))
      let rest = try await store.unpublished(by: .charger, before: .future, limit: 9)
      #expect(rest.map(\.event.id) == ["c"])
      #expect(try await store.unpublished(by: .holder, before: .future, limit: 9).count == 1)
    }
  }

  @Test(arguments: Implementation.all)
  func `Bodies are kept byte for byte`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      var event = sampleEvent("e")
      event.body = Array(0...255)
      _ = try await store.commit(change("m", events: [event]))
      let found = try await store.unpublished(by: .charger, before: .future, limit: 9)
      #expect(found.map(\.event) == [event])
    }
  }
}
