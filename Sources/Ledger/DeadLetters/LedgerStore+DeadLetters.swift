import Billing

/// What the ledger keeps of dead letters.
extension LedgerStore {
  /// Records the selection. `false`: another manifest is unfinished, and nothing was written.
  public func freeze(_ manifest: Manifest, letters: [ManifestLetter]) async throws -> Bool {
    try await write { try DeadLetterRows($0).freeze(manifest, letters) }
  }

  public func unfinishedManifest() async throws -> Manifest? {
    try await read { try DeadLetterRows($0).unfinished() }
  }

  public func manifest(_ id: String) async throws -> Manifest? {
    try await read { try DeadLetterRows($0).manifest(id) }
  }

  public func letters(of manifest: String) async throws -> [ManifestLetter] {
    try await read { try DeadLetterRows($0).letters(of: manifest) }
  }

  /// Adds the audit rows and counts their letters as recorded. A letter of a manifest that has one
  /// keeps it.
  public func record(_ records: [DeadLetterRecord]) async throws {
    if records.isEmpty { return }
    try await write { database in
      for record in records { try DeadLetterRows(database).record(record) }
    }
  }

  public func mark(
    _ letters: [String], of manifest: String, as state: ManifestLetter.State
  ) async throws {
    if letters.isEmpty { return }
    try await write { database in
      for letter in letters {
        try DeadLetterRows(database).mark(letter, of: manifest, as: state)
      }
    }
  }

  public func finish(_ manifest: String, at: Instant) async throws {
    try await write { database in
      try database.run(
        "UPDATE dead_manifests SET finished_at = ? WHERE id = ? AND finished_at IS NULL",
        [at.milliseconds, manifest])
    }
  }

  /// The letters that were moved, and those among them that nobody recorded.
  public func movedLetters() async throws -> MovedLetterTally {
    try await read { database in
      let moved = "l.state IN ('recorded', 'published', 'removed')"
      let letters = try database.integer(
        "SELECT count(*) FROM dead_manifest_letters l WHERE \(moved)")
      let unrecorded = try database.texts(
        """
        SELECT l.letter || ' of ' || m.id FROM dead_manifest_letters l
        JOIN dead_manifests m ON m.key = l.manifest
        WHERE \(moved) AND NOT EXISTS (
          SELECT 1 FROM dead_actions a WHERE a.manifest = l.manifest AND a.letter = l.letter)
        ORDER BY 1
        """)
      return MovedLetterTally(letters: Int(letters ?? 0), unrecorded: Violations(unrecorded))
    }
  }

  /// What was done with a letter, or with any letter of a message; oldest first.
  public func deadLetterRecords(
    letter: String, messageID: String
  ) async throws -> [DeadLetterRecord] {
    try await read {
      try DeadLetterRows($0).records(letter: letter, messageID: messageID)
    }
  }
}
