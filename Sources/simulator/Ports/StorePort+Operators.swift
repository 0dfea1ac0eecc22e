import Billing
import Ledger

/// What operators ask of a ledger, and do with dead letters: no simulated service does.
extension StorePort {
  func freeze(_ manifest: Manifest, letters: [ManifestLetter]) async throws -> Bool {
    try await write { try await inner.freeze(manifest, letters: letters) }
  }

  func unfinishedManifest() async throws -> Manifest? {
    try await read { try await inner.unfinishedManifest() }
  }

  func manifest(_ id: String) async throws -> Manifest? {
    try await read { try await inner.manifest(id) }
  }

  func letters(of manifest: String) async throws -> [ManifestLetter] {
    try await read { try await inner.letters(of: manifest) }
  }

  func record(_ records: [DeadLetterRecord]) async throws {
    try await write { try await inner.record(records) }
  }

  func mark(
    _ letters: [String], of manifest: String, as state: ManifestLetter.State
  ) async throws {
    try await write { try await inner.mark(letters, of: manifest, as: state) }
  }

  func finish(_ manifest: String, at: Instant) async throws {
    try await write { try await inner.finish(manifest, at: at) }
  }

  func deadLetterRecords(
    letter: String, messageID: String
  ) async throws -> [DeadLetterRecord] {
    try await read { try await inner.deadLetterRecords(letter: letter, messageID: messageID) }
  }

  func movedLetters() async throws -> MovedLetterTally {
    try await read { try await inner.movedLetters() }
  }

  func unanswered(_ question: UnansweredQuestion) async throws -> [StoredEvent] {
    try await read { try await inner.unanswered(question) }
  }

  func lastAnswer(by service: ServiceName) async throws -> Instant? {
    try await read { try await inner.lastAnswer(by: service) }
  }
}
