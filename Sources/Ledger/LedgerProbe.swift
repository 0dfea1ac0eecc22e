import Billing

/// What stands between a program and its ledger in a simulation: the way there and back, and what
/// is committed. It may delay a call, fail it, and change what a guard of the ledger rests on, to
/// show that a missing guard is noticed.
///
/// `package` is the border: no program that runs a close has one, and to those it costs nothing.
package protocol LedgerProbe: Sendable {
  /// Around a call that only reads.
  func reading<Value>(
    about accounts: [String], _ call: () async throws -> Value
  ) async throws -> Value
  /// Around a call that may write.
  func writing<Value>(_ call: () async throws -> Value) async throws -> Value

  // MARK: Around single calls, instead of those two

  func committing(
    _ changes: [Change], _ call: ([Change]) async throws -> [CommitOutcome]
  ) async throws -> [CommitOutcome]
  func opening(
    _ request: RunRequest, _ decide: @escaping StartJudge,
    _ call: (@escaping StartJudge) async throws -> OpenedRun
  ) async throws -> OpenedRun
  func takingIn(_ request: RunRequest, _ call: () async throws -> TakenIn) async throws -> TakenIn
  func takingDue(_ call: () async throws -> [StoredEvent]) async throws -> [StoredEvent]
  func recognising(
    _ messages: [ReceivedMessage], by service: ServiceName,
    _ call: () async throws -> [Recognition]
  ) async throws -> [Recognition]
}

extension LedgerStore {
  /// The same store, seen through a probe.
  package func probed(by probe: some LedgerProbe) -> LedgerStore {
    LedgerStore(connections, probe: probe)
  }
}
