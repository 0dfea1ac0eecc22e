import Billing
import Ledger
import Testing

@Suite struct CompetitionTests {
  /// Two stores on one file: every posting arrives, none twice, and no reader is in the way.
  @Test(arguments: Implementation.all)
  func `Competing stores lose nothing`(_ implementation: Implementation) async throws {
    try await withFolder { folder in
      let stores = [
        try await implementation.open(folder), try await implementation.open(folder),
      ]
      try await stores[0].add(sampleAccount())
      try await withThrowingTaskGroup(of: Void.self) { group in
        for worker in 0..<8 {
          let store = stores[worker % 2]
          group.addTask {
            for number in 0..<10 { try await Self.deposit("\(worker)-\(number)", into: store) }
          }
        }
        try await group.waitForAll()
      }
      for store in stores {
        let facts = try await store.facts()
        #expect((facts.position, facts.creditMinor) == (80, 80))
        #expect(try await store.problems() == [])
        try await store.close()
      }
    }
  }

  /// Reads, decides and commits until nobody else was faster.
  private static func deposit(_ reference: String, into store: LedgerStore) async throws {
    while true {
      let position = try await store.facts().position
      let outcome = try await store.commit(
        change(
          reference, position: position, .post(try paying(1, invoice: nil, reference: reference))))
      if outcome == .committed([]) { return }
      guard case .stale(.position) = outcome else {
        throw StoreError.invalid("\(reference): \(outcome)")
      }
    }
  }

  @Test(arguments: Implementation.all)
  func `One invoice per account whoever asks`(_ implementation: Implementation) async throws {
    try await withFolder { folder in
      let stores = [
        try await implementation.open(folder), try await implementation.open(folder),
      ]
      let accounts = (0..<30).map { "account-\($0)" }
      for account in accounts { try await stores[0].add(sampleAccount(account)) }
      let issued = try await withThrowingTaskGroup(of: Int.self) { group in
        for store in stores {
          group.addTask {
            var issued = 0
            for account in accounts {
              var change = try issuing(sampleDraft(account))
              change.messageID = "\(ObjectIdentifier(store as AnyObject))"
              if case .committed = try await store.commit(change) { issued += 1 }
            }
            return issued
          }
        }
        return try await group.reduce(0, +)
      }
      #expect(issued == 30)
      #expect(try await stores[1].problems() == [])
      for store in stores { try await store.close() }
    }
  }

  @Test(arguments: Implementation.all)
  func `Closed store says so and keeps what was acknowledged`(_ implementation: Implementation)
    async throws
  {
    try await withFolder { folder in
      let first = try await implementation.open(folder)
      try await first.add(sampleAccount())
      try await first.close()
      try await first.close()
      await #expect(throws: StoreError.self) { try await first.facts() }
      await #expect(throws: StoreError.self) { try await first.issue() }
      let second = try await implementation.open(folder)
      #expect(try await second.facts().account == sampleAccount())
      try await second.close()
    }
  }
}
