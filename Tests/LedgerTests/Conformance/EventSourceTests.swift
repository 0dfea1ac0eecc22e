import Billing
import Ledger
import Testing

/// CloudEvents are unique by source and id together, and rows that were stored before the source
/// was kept with them stay what they are.
@Suite struct EventSourceTests {
  private let eu = sampleUsage("1", "5", source: "/meter/eu-1")
  private let us = sampleUsage("1", "5", source: "/meter/us-1")

  private func quantity(_ store: LedgerStore) async throws -> String? {
    try await store.novemberFacts().usage.first?.quantity.description
  }

  @Test(arguments: Implementation.all)
  func `One id of two sources is two events`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      #expect(
        try await store.importRows([eu, us, eu]).count == ImportCount(added: 2, unchanged: 1))
      #expect(try await store.importRows([us, eu]).count == ImportCount(unchanged: 2))
      #expect(try await quantity(store) == "10")
      let other = sampleUsage("1", "6", line: 7, source: "/meter/us-1")
      let refused = try await store.importRows([other]).refused
      #expect(refused.map(\.line) == [7])
      #expect(
        refused.first?.reason
          == "event \"1\" of \"/meter/us-1\" already exists with another quantity")
    }
  }

  /// As a version that did not keep sources stored it.
  private var before: UsageRow { sampleUsage("1", "5") }

  @Test(arguments: Implementation.all)
  func `A file imported before changes nothing`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.importRows([before])
      #expect(try await store.importRows([eu]).count == ImportCount(unchanged: 1))
      #expect(try await store.importRows([eu, eu]).count == ImportCount(unchanged: 2))
      #expect(try await quantity(store) == "5")
    }
  }

  /// One row is one event: the other source's was lost, and comes in with the file's next import.
  @Test(arguments: Implementation.all)
  func `A row of before is of one source only`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.importRows([before])
      #expect(try await store.importRows([eu, us]).count == ImportCount(added: 1, unchanged: 1))
      for again in [[eu, us], [us, eu]] {
        #expect(try await store.importRows(again).count == ImportCount(unchanged: 2))
      }
      #expect(try await quantity(store) == "10")
    }
  }

  @Test(arguments: Implementation.all)
  func `What may be a correction of a row of before is refused`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.importRows([before])
      let corrected = sampleUsage("1", "6", line: 4, source: "/meter/eu-1")
      let refused = try await store.importRows([corrected]).refused
      #expect(refused.map(\.line) == [4])
      #expect(refused.first?.reason.contains("with another quantity") == true)
      let later = sampleUsage(
        "1", "6", start: "2026-11-11T10:00:00+01:00", source: "/meter/us-1")
      #expect(try await store.importRows([later]).count.added == 1)
      #expect(try await quantity(store) == "11")
    }
  }

  /// First as CloudEvents, and then as a table.
  @Test(arguments: Implementation.all)
  func `A table of the same events changes nothing`(_ store: Implementation) async throws {
    let table = before
    try await store.withStore { store in
      try await store.add(sampleAccount(), sampleAccount("meter-2"))
      _ = try await store.importRows([eu, sampleUsage("10", "1", source: "/meter/eu-1")])
      for _ in 0..<2 {
        #expect(try await store.importRows([table]).count == ImportCount(unchanged: 1))
      }
      #expect(try await quantity(store) == "6")
      let refused = try await store.importRows([sampleUsage("1", "6", line: 4)]).refused
      #expect(refused.map(\.line) == [4])
      #expect(
        refused.first?.reason
          == "event \"1\" already exists with a source, as \"1\" of \"/meter/eu-1\", with "
          + "another quantity: a corrected event needs a new id")
      let others = [
        sampleUsage("1", "6", start: "2026-11-11T10:00:00+01:00"),
        sampleUsage("1", "5", account: "meter-2"), sampleUsage("0", "5"), sampleUsage("11", "5"),
      ]
      #expect(try await store.importRows(others).count == ImportCount(added: 4))
    }
  }

  /// Whichever of the sources it is of.
  @Test(arguments: Implementation.all)
  func `A row of a table is any of several sources`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.importRows([sampleUsage("1", "7", source: "/meter/eu-1"), us])
      #expect(try await store.importRows([before]).count == ImportCount(unchanged: 1))
      #expect(try await quantity(store) == "12")
    }
  }

  @Test(arguments: Implementation.all)
  func `Times of no month are refused by line and the others kept`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let rows = [
        sampleUsage("1", "1", start: "0001-01-01T00:00:00Z", line: 2),
        sampleUsage("2", "1", line: 3),
        sampleUsage("3", "1", start: "9999-12-31T00:00:00Z", line: 4),
      ]
      let outcome = try await store.importRows(rows, skipBad: true)
      #expect(outcome.count.added == 1)
      #expect(outcome.refused.map(\.line) == [2, 4])
      #expect(outcome.refused.map(\.column) == ["start", "start"])
      #expect(
        outcome.refused.first?.reason
          == "\"0001-01-01T00:00:00Z\" is not within the years 1900 to 9998")
    }
  }
}
