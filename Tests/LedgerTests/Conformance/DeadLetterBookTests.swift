import Billing
import Ledger
import Testing

@Suite struct DeadLetterBookTests {
  private func manifest(_ id: String, _ action: DeadLetterAction = .replay) -> Manifest {
    Manifest(
      id: id, action: action, operatorName: "anna", reason: "gateway repaired",
      selection: "service charger", perSecond: 50, createdAt: noon)
  }

  private func letter(_ id: String) -> ManifestLetter {
    ManifestLetter(
      letter: id, queue: "charger.dead", messageID: "m-\(id)", bodyHash: "h-\(id)",
      letterClass: "needed", replays: 0, target: "monthclose/replay.charger")
  }

  private func record(_ id: String, _ manifest: Manifest, body: [UInt8]? = nil) -> DeadLetterRecord
  {
    DeadLetterRecord(
      manifest: manifest, letter: id, at: noon, queue: "charger.dead", messageID: "m-\(id)",
      bodyHash: "h-\(id)", target: "monthclose/replay.charger", replays: 1,
      fault: "gateway-unknown", body: body)
  }

  @Test(arguments: Implementation.all)
  func `A second manifest waits for the first`(_ store: Implementation) async throws {
    try await store.withStore { store in
      #expect(try await store.freeze(manifest("r-1"), letters: [letter("a"), letter("b")]))
      #expect(try await store.unfinishedManifest() == manifest("r-1"))
      #expect(try await !store.freeze(manifest("r-2"), letters: [letter("a")]))
      #expect(try await store.manifest("r-2") == nil)
      try await store.finish("r-1", at: noon)
      #expect(try await store.unfinishedManifest() == nil)
      #expect(try await store.manifest("r-1")?.finishedAt == noon)
      #expect(try await store.freeze(manifest("r-2"), letters: [letter("a")]))
    }
  }

  @Test(arguments: Implementation.all)
  func `A letter is recorded once per manifest`(_ store: Implementation) async throws {
    try await store.withStore { store in
      let first = manifest("r-1")
      _ = try await store.freeze(first, letters: [letter("a"), letter("b")])
      try await store.record([record("a", first)])
      try await store.record([record("a", first)])
      #expect(try await store.letters(of: "r-1").map(\.state) == [.recorded, .planned])
      let found = try await store.deadLetterRecords(letter: "a", messageID: "")
      #expect(found == [record("a", first)])
      try await store.mark(["a", "b"], of: "r-1", as: .removed)
      try await store.record([record("a", first)])
      #expect(
        try await store.letters(of: "r-1").map(\.state) == [.removed, .removed],
        "a record does not set a letter back")
    }
  }

  @Test(arguments: Implementation.all)
  func `A letter that moved without a record is found`(_ store: Implementation) async throws {
    try await store.withStore { store in
      let first = manifest("r-1")
      _ = try await store.freeze(first, letters: [letter("a"), letter("b"), letter("c")])
      try await store.record([record("a", first)])
      #expect(
        try await store.movedLetters() == MovedLetterTally(letters: 1, unrecorded: Violations()))
      try await store.mark(["b"], of: "r-1", as: .published)
      #expect(
        try await store.movedLetters()
          == MovedLetterTally(letters: 2, unrecorded: Violations(["b of r-1"])))
    }
  }

  @Test(arguments: Implementation.all)
  func `The records of a message are told with their manifests`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      let first = manifest("r-1")
      _ = try await store.freeze(first, letters: [letter("a")])
      try await store.record([record("a", first)])
      try await store.finish("r-1", at: noon)
      let second = manifest("d-1", .discard)
      _ = try await store.freeze(second, letters: [letter("a")])
      try await store.record([record("a", second, body: [1, 2, 3])])
      let found = try await store.deadLetterRecords(letter: "other", messageID: "m-a")
      #expect(found.map(\.manifest.action) == [.replay, .discard])
      #expect(found.map(\.body) == [nil, [1, 2, 3]])
    }
  }

  @Test(arguments: Implementation.all)
  func `Unanswered are the published events nobody answered`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let events = ["answered", "parked", "missing", "unpublished"].map { sampleEvent($0) }
      guard
        case .committed(let stored) = try await store.commit(
          change("cause", by: .invoicer, events: events))
      else {
        Issue.record("not committed")
        return
      }
      _ = try await store.commit(change("answered"))
      _ = try await store.commit(change("parked#parked"))
      _ = try await store.commit(change("missing", by: .mailer))
      let published = stored.dropLast().map(\.sequence)
      _ = try await store.commit([], published: Array(published))
      var question = UnansweredQuestion(
        period: november, service: .charger, routingKeys: ["invoice.issued"], before: noon,
        limit: 10)
      #expect(try await store.unanswered(question).map(\.event.id) == ["missing"])
      question.after = stored[2].sequence
      #expect(try await store.unanswered(question) == [])
      question.after = 0
      question.before = noon.adding(seconds: -1)
      #expect(try await store.unanswered(question) == [], "recorded later than asked")
      question.before = noon
      question.routingKeys = ["due.charge"]
      #expect(try await store.unanswered(question) == [], "another key")
      question.routingKeys = ["invoice.issued"]
      question.period = october
      #expect(try await store.unanswered(question) == [], "another period")
      #expect(try await store.lastAnswer(by: .charger) == noon)
      #expect(try await store.lastAnswer(by: .holder) == nil)
    }
  }
}
