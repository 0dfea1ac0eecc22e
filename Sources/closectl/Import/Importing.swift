import Billing
import Ledger

/// Brings files into the ledger, one after the other; a bad file does not stop the others.
struct Importing {
  let session: Session
  let skipBad: Bool
  /// Everything is checked and counted, and nothing kept.
  let isDryRun: Bool

  func accounts(_ files: [String]) async throws -> CommandOutput {
    let store = try await session.store()
    let at = session.clock.now()
    return try await each(files, kind: "accounts") { path in
      var faults = FaultList(keepsAll: skipBad)
      let file = try AccountTable(try FileBytes(path)).read(faults: &faults)
      if faults.isTooLong { throw BadRows(file: path, faults: faults, byLedger: false) }
      let keeps = !isDryRun && (skipBad || faults.count == 0)
      var outcome = try await store.importAccounts(file, at: at) { _ in keeps }
      let refused = outcome.refused
      if !refused.isEmpty, skipBad {
        let lines = Set(refused.map(\.line))
        var good = file
        good.rows.removeAll { lines.contains($0.line) }
        outcome = try await store.importAccounts(good, at: at) { _ in keeps }
      }
      let month = try Period.containing(at, in: "UTC")
      let catalogs = try await store.catalogs(pricing: month)
      var result = try result(path, file.rows.count, outcome, refused, faults)
      for (account, _) in file.rows {
        result.untaxed.add(account, catalogs[account.currency.code])
      }
      result.movedDays = MovedDaysDocument(outcome.movedDays)
      return result
    }
  }

  func usage(_ files: [String]) async throws -> CommandOutput {
    let store = try await session.store()
    return try await each(files, kind: "usage") { path in
      let bar = ProgressBar(path, session.output)
      defer { bar.finish() }
      let feed = try UsageFeed(path, skipBad: skipBad, onProgress: bar.show)
      let (skipBad, isDryRun) = (skipBad, isDryRun)
      let outcome = try await store.importUsage(at: session.clock.now(), next: feed.next) {
        !isDryRun && (skipBad || $0.isEmpty && feed.faults.count == 0)
      }
      var result = try result(path, feed.rows, outcome, outcome.refused, feed.faults)
      result.unpriced = try await UnpricedDocument(outcome.unpriced, in: store)
      return result
    }
  }

  func catalogs(_ files: [String]) async throws -> CommandOutput {
    let store = try await session.store()
    return try await each(files, kind: "catalog") { path in
      let (catalog, namesTaxes) = try CatalogFile.reading(path)
      let isKept = !isDryRun
      do {
        let outcome = try await store.importCatalog(catalog, at: session.clock.now()) { _ in
          isKept
        }
        return FileResult(
          rows: 1, count: outcome.count,
          warnings: namesTaxes ? [] : [Self.untaxed(path, catalog.currency)])
      } catch let error as StoreError {
        switch error {
        case .catalogDiffers, .catalogNeverCounts: throw FileFault(path, "\(error)")
        default: throw error
        }
      }
    }
  }

  private static func untaxed(_ path: String, _ currency: Currency) -> String {
    "warning: \(path) has no taxes, so no invoice in \(currency) has one; if that is intended, "
      + "add `taxes: []`"
  }

  /// What the file has wrong and what the ledger refused, together.
  private func result(
    _ path: String, _ goodRows: Int, _ outcome: ImportOutcome, _ refused: [RefusedRow],
    _ faults: FaultList
  ) throws -> FileResult {
    let byLedger = faults.count == 0
    var faults = faults
    for row in refused { faults.add([row]) }
    if faults.count > 0, !skipBad {
      throw BadRows(file: path, faults: faults, byLedger: byLedger)
    }
    return FileResult(
      rows: goodRows + faults.count - refused.count, count: outcome.count, faults: faults)
  }

  private func each(
    _ files: [String], kind: String, _ work: (String) async throws -> FileResult
  ) async throws -> CommandOutput {
    var document = ImportDocument(kind: kind, dryRun: isDryRun)
    for path in files {
      let started = ContinuousClock.now
      do {
        let isWritten = skipBad && !isDryRun
        if isWritten { try OutputFile.check(RejectedFile(source: path).path) }
        let result = try await work(path)
        let seconds = (ContinuousClock.now - started).asSeconds
        let rejected = isWritten ? try writeRejected(path, result.faults.rows) : nil
        document.files.append(.init(path, result, seconds: seconds, rejectedFile: rejected))
      } catch let bad as BadRows {
        document.files.append(.init(bad))
      } catch let fault as FileFault {
        document.files.append(.init(path, fault))
      }
    }
    for file in document.files { file.tell(session.output) }
    return CommandOutput(
      document, text: document.files.compactMap(document.line),
      status: document.files.contains(where: \.isBad) ? .problem : .done)
  }

  private func writeRejected(_ path: String, _ refused: [RefusedRow]) throws -> String? {
    if refused.isEmpty { return nil }
    let file = RejectedFile(source: path)
    try file.write(refused)
    return file.path
  }
}

struct FileResult {
  /// Bad ones included.
  var rows: Int
  var count: ImportCount
  var faults = FaultList(keepsAll: false)
  var unpriced: UnpricedDocument?
  var untaxed = UntaxedCountries()
  var movedDays = MovedDaysDocument()
  /// Of a catalog.
  var warnings: [String] = []
}

extension Duration {
  var asSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
