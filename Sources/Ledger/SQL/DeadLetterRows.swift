import Billing

/// Manifests, their letters and the audit of what was done.
struct DeadLetterRows {
  let database: any SQLSession

  init(_ database: any SQLSession) {
    self.database = database
  }

  private static let manifestColumns =
    "m.id, m.action, m.operator, m.reason, m.selection, m.per_second, m.created_at, m.finished_at"

  func unfinished() throws -> Manifest? {
    try database.first(
      "SELECT \(Self.manifestColumns) FROM dead_manifests m WHERE m.finished_at IS NULL", [],
      { try Self.manifest($0) })
  }

  func manifest(_ id: String) throws -> Manifest? {
    try database.first(
      "SELECT \(Self.manifestColumns) FROM dead_manifests m WHERE m.id = ?", [id],
      { try Self.manifest($0) })
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

  func letters(of manifest: String) throws -> [ManifestLetter] {
    try database.all(
      """
      SELECT l.letter, l.queue, l.message_id, l.body_hash, l.class, l.replays, l.target, l.state
      FROM dead_manifest_letters l JOIN dead_manifests m ON m.key = l.manifest
      WHERE m.id = ? ORDER BY l.letter
      """, [manifest]
    ) { row in
      ManifestLetter(
        letter: row[0], queue: row[1], messageID: row[2], bodyHash: row[3], letterClass: row[4],
        replays: row[5], target: row[6], state: try row.word(7))
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

  func records(letter: String, messageID: String) throws -> [DeadLetterRecord] {
    try database.all(
      """
      SELECT \(Self.manifestColumns),
        a.letter, a.at, a.queue, a.message_id, a.body_hash, a.target, a.replays, a.fault,
        a.body IS NULL, a.body
      FROM dead_actions a JOIN dead_manifests m ON m.key = a.manifest
      WHERE a.letter = ? OR (a.message_id = ? AND a.message_id <> '') ORDER BY a.sequence
      """, [letter, messageID]
    ) { row in
      DeadLetterRecord(
        manifest: try Self.manifest(row), letter: row[8], at: Instant(milliseconds: row[9]),
        queue: row[10], messageID: row[11], bodyHash: row[12], target: row[13], replays: row[14],
        fault: row[15], body: row[16] as Bool ? nil : row[17])
    }
  }

  private static func manifest(_ row: Row) throws -> Manifest {
    Manifest(
      id: row[0], action: try row.word(1), operatorName: row[2], reason: row[3],
      selection: row[4], perSecond: row[5], createdAt: Instant(milliseconds: row[6]),
      finishedAt: Instant(stored: row[7]))
  }
}
