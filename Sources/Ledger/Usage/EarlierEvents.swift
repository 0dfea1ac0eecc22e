import Billing

/// The same event by two ways: as a CloudEvent, which is stored under its id and source, and under
/// its id alone, as a row of a table is, and as CloudEvents were before their source was kept.
/// What is stored is not touched, so that importing such a file again changes nothing:
///
/// - An event of which there is a row of the other kind with the same content is that row.
/// - One row is one event: of several CloudEvents with that id in a file the first source has it,
///   unless it is stored under its own name already, and the others are events of their own.
/// - With another quantity or end, but of the same metric and moment, it may be a correction of
///   that row, which would be billed twice: it is refused. Anything else is another event.
final class EarlierEvents {
  enum Finding: Equatable {
    case none
    case same
    /// The column in which it differs, and the name of what is stored.
    case changed(String, stored: String)
  }

  private struct Place: Hashable {
    var account: Int64
    var eventID: [UInt8]
  }

  private let database: any SQLSession
  /// Which source a row was found to be of, by this import.
  private var sources: [Place: String] = [:]

  init(_ database: any SQLSession) { self.database = database }

  /// For each reading in order.
  func look(for readings: [UsageImport.Reading]) throws -> [Finding] {
    try lookForUsageBefore(readings)
    let stored = try database.collect(readings) { reading -> [StoredUsage] in
      let (account, row) = (reading.meter.key, reading.row)
      guard reading.meter.hadUsage(reading.key) == true else { return [] }
      let earlier =
        row.source == nil
        ? try StoredUsage.findWithSources(database, account, row.eventID)
        : try StoredUsage.find(database, account, row.eventID).map { [$0] } ?? []
      if earlier.isEmpty { return earlier }
      let own = try StoredUsage.find(database, account, row.storedEventID)
      return own == nil ? earlier : []
    }
    return zip(readings, stored).map { reading, stored in
      reading.row.source == nil
        ? findingOfTable(reading.row, stored) : finding(reading, stored.first)
    }
  }

  /// The same event is of the same month and metric, so where there was no usage of these before
  /// this import no row has to be looked for: that is most of what is imported.
  private func lookForUsageBefore(_ readings: [UsageImport.Reading]) throws {
    var asked: [UsageImport.Reading] = []
    for reading in readings where reading.meter.hadUsage(reading.key) == nil {
      reading.meter.remember(reading.key, hadUsage: true)
      asked.append(reading)
    }
    let found = try database.collect(asked) { reading in
      try database.integer(
        "SELECT account FROM usage_sums WHERE account = ? AND period = ? AND metric = ? LIMIT 1",
        [reading.key.account, reading.key.period, reading.key.metric]) != nil
    }
    for (reading, found) in zip(asked, found) {
      reading.meter.remember(reading.key, hadUsage: found)
    }
  }

  private func findingOfTable(_ row: UsageRow, _ stored: [StoredUsage]) -> Finding {
    var changed: Finding?
    for event in stored {
      switch event.differingColumn(row) {
      case nil: return .same
      case "metric", "start": continue
      case let column?:
        changed = changed ?? .changed(column, stored: StoredUsage.name(event.eventID))
      }
    }
    return changed ?? .none
  }

  private func finding(_ reading: UsageImport.Reading, _ stored: StoredUsage?) -> Finding {
    guard let stored, let source = reading.row.source else { return .none }
    let place = Place(account: reading.meter.key, eventID: Array(reading.row.eventID.utf8))
    switch stored.differingColumn(reading.row) {
    case nil:
      let owner = sources[place] ?? source
      sources[place] = owner
      return owner == source ? .same : .none
    case "metric", "start": return .none
    case let column?:
      return sources[place] == nil || sources[place] == source
        ? .changed(column, stored: StoredUsage.name(stored.eventID)) : .none
    }
  }
}
