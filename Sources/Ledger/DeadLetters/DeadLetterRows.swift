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

/// Manifests, their letters and the audit of what was done.
struct DeadLetterRows {
  let database: any SQLSession

  init(_ database: any SQLSession) {
    self.database = database
  }

  private enum ManifestColumn: String, ColumnList {
    case id = "m.id"
    case action = "m.action"
    case operatorName = "m.operator"
    case reason = "m.reason"
    case selection = "m.selection"
    case perSecond = "m.per_second"
    case createdAt = "m.created_at"
    case finishedAt = "m.finished_at"
  }

  func unfinished() throws -> Manifest? {
    try database.first(
      "SELECT \(ManifestColumn.sql) FROM dead_manifests m WHERE m.finished_at IS NULL", [],
      Self.manifest)
  }

  func manifest(_ id: String) throws -> Manifest? {
    try database.first(
      "SELECT \(ManifestColumn.sql) FROM dead_manifests m WHERE m.id = ?", [id], Self.manifest)
  }

  func freeze(_ manifest: Manifest, _ letters: [ManifestLetter]) throws -> Bool {
    if try unfinished() != nil { return false }
    let key = try database.newKey(.deadManifests)
    try database.run(
      """
      INSERT INTO dead_manifests
        (key, id, action, operator, reason, selection, per_second, created_at, finished_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        key, manifest.id, manifest.action.rawValue, manifest.operatorName, manifest.reason,
        manifest.selection, manifest.perSecond, manifest.createdAt.milliseconds,
        manifest.finishedAt?.milliseconds,
      ])
    for letter in letters {
      try database.run(
        """
        INSERT INTO dead_manifest_letters
          (manifest, letter, queue, message_id, body_hash, class, replays, target, state)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          key, letter.letter, letter.queue, letter.messageID, letter.bodyHash,
          letter.letterClass, letter.replays, letter.target, letter.state.rawValue,
        ])
    }
    return true
  }

  private enum LetterColumn: String, ColumnList {
    case letter = "l.letter"
    case queue = "l.queue"
    case messageID = "l.message_id"
    case bodyHash = "l.body_hash"
    case letterClass = "l.class"
    case replays = "l.replays"
    case target = "l.target"
    case state = "l.state"
  }

  func letters(of manifest: String) throws -> [ManifestLetter] {
    try database.all(
      """
      SELECT \(LetterColumn.sql)
      FROM dead_manifest_letters l JOIN dead_manifests m ON m.key = l.manifest
      WHERE m.id = ? ORDER BY l.letter
      """, [manifest], of: LetterColumn.self
    ) { row in
      ManifestLetter(
        letter: row[.letter], queue: row[.queue], messageID: row[.messageID],
        bodyHash: row[.bodyHash], letterClass: row[.letterClass], replays: row[.replays],
        target: row[.target], state: try row.word(.state))
    }
  }

  func record(_ record: DeadLetterRecord) throws {
    guard
      let key = try database.integer(
        "SELECT key FROM dead_manifests WHERE id = ?", [record.manifest.id])
    else { throw LedgerRefusal("there is no manifest \(record.manifest.id)") }
    try database.run(
      """
      INSERT INTO dead_actions
        (manifest, letter, at, queue, message_id, body_hash, target, replays, fault, body)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (manifest, letter) DO NOTHING
      """,
      [
        key, record.letter, record.at.milliseconds, record.queue, record.messageID,
        record.bodyHash, record.target, record.replays, record.fault, record.body,
      ])
    try database.run(
      """
      UPDATE dead_manifest_letters SET state = 'recorded'
      WHERE manifest = ? AND letter = ? AND state = 'planned'
      """, [key, record.letter])
  }

  func mark(_ letter: String, of manifest: String, as state: ManifestLetter.State) throws {
    try database.run(
      """
      UPDATE dead_manifest_letters SET state = ? WHERE letter = ?
        AND manifest = (SELECT key FROM dead_manifests WHERE id = ?)
      """, [state.rawValue, letter, manifest])
  }

  private enum ActionColumn: String, ColumnList {
    case letter = "a.letter"
    case at = "a.at"
    case queue = "a.queue"
    case messageID = "a.message_id"
    case bodyHash = "a.body_hash"
    case target = "a.target"
    case replays = "a.replays"
    case fault = "a.fault"
    case body = "a.body"
  }

  func records(letter: String, messageID: String) throws -> [DeadLetterRecord] {
    try database.all(
      """
      SELECT \(ManifestColumn.sql), \(ActionColumn.sql)
      FROM dead_actions a JOIN dead_manifests m ON m.key = a.manifest
      WHERE a.letter = ? OR (a.message_id = ? AND a.message_id <> '') ORDER BY a.sequence
      """, [letter, messageID]
    ) { row in
      let action = row.read(ActionColumn.self, after: ManifestColumn.self)
      return DeadLetterRecord(
        manifest: try Self.manifest(row.read(ManifestColumn.self)), letter: action[.letter],
        at: Instant(milliseconds: action[.at]), queue: action[.queue],
        messageID: action[.messageID], bodyHash: action[.bodyHash], target: action[.target],
        replays: action[.replays], fault: action[.fault],
        body: action.isNull(.body) ? nil : action[.body])
    }
  }

  private static func manifest(_ row: Record<ManifestColumn>) throws -> Manifest {
    Manifest(
      id: row[.id], action: try row.word(.action), operatorName: row[.operatorName],
      reason: row[.reason], selection: row[.selection], perSecond: row[.perSecond],
      createdAt: Instant(milliseconds: row[.createdAt]),
      finishedAt: Instant(stored: row[.finishedAt]))
  }
}
