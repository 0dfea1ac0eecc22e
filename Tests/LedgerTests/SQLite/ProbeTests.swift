import Billing
import Synchronization
import Testing

@testable import Ledger

/// What a simulation stands on: each call is probed once, whatever it comes to.
@Suite struct ProbeTests {
  @Test func `A call is probed once however many transactions it takes`() async throws {
    try await withProbe { store, probe in
      _ = try await store.takeDue(by: .charger, at: noon, limit: 1) { _, _ in sampleEvent("e") }
      #expect(probe.taken() == ["takingDue"])
      _ = try await store.counted((0..<1200).map { "pi_\($0)" })
      #expect(probe.taken() == ["reading"])
    }
  }

  @Test func `A call about nothing is probed too`() async throws {
    try await withProbe { store, probe in
      _ = try await store.facts(for: [])
      _ = try await store.commit([], published: [])
      _ = try await store.recognise([], by: .mailer)
      #expect(probe.taken() == ["reading", "committing", "recognising"])
    }
  }

  @Test func `A probe is told which accounts are asked about`() async throws {
    try await withProbe { store, probe in
      _ = try await store.facts("meter-1")
      #expect(probe.accounts.withLock { $0 } == ["meter-1"])
    }
  }

  @Test func `A probed store is closed by whoever opened it`() async throws {
    try await Implementation.sqlite.withStore { store in
      try await store.probed(by: CallList()).close()
      #expect(try await store.runs() == [])
    }
  }

  private func withProbe(_ body: (LedgerStore, CallList) async throws -> Void) async throws {
    try await Implementation.sqlite.withStore { store in
      try await store.add(sampleAccount())
      let probe = CallList()
      try await body(store.probed(by: probe), probe)
    }
  }
}

/// Passes everything on, and remembers what it was.
private final class CallList: LedgerProbe {
  private let calls = Mutex<[String]>([])
  let accounts = Mutex<[String]>([])

  func taken() -> [String] {
    calls.withLock { calls in
      defer { calls = [] }
      return calls
    }
  }

  private func note(_ call: String) { calls.withLock { $0.append(call) } }

  func reading<Value>(
    about accounts: [String], _ call: () async throws -> Value
  ) async throws -> Value {
    note("reading")
    self.accounts.withLock { $0 += accounts }
    return try await call()
  }

  func writing<Value>(_ call: () async throws -> Value) async throws -> Value {
    note("writing")
    return try await call()
  }

  func committing(
    _ changes: [Change], _ call: ([Change]) async throws -> [CommitOutcome]
  ) async throws -> [CommitOutcome] {
    note("committing")
    return try await call(changes)
  }

  func opening(
    _ request: RunRequest, _ decide: @escaping StartJudge,
    _ call: (@escaping StartJudge) async throws -> OpenedRun
  ) async throws -> OpenedRun {
    note("opening")
    return try await call(decide)
  }

  func takingIn(_ request: RunRequest, _ call: () async throws -> TakenIn) async throws -> TakenIn {
    note("takingIn")
    return try await call()
  }

  func takingDue(_ call: () async throws -> [StoredEvent]) async throws -> [StoredEvent] {
    note("takingDue")
    return try await call()
  }

  func recognising(
    _ messages: [ReceivedMessage], by service: ServiceName,
    _ call: () async throws -> [Recognition]
  ) async throws -> [Recognition] {
    note("recognising")
    return try await call()
  }
}
