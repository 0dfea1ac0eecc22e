import Billing
import Ledger

/// Brings files into the ledger, one after the other; a bad file does not stop the others.
struct Importing {
  let session: Session
  let skipBad: Bool

  func accounts(_ files: [String]) async throws -> Answer {
    let store = try await session.store()
    return try await each(files, kind: "accounts") { path in
      var faults = FaultList(keepsAll: skipBad)
      let rows = try AccountTable(try FileBytes(path)).read(faults: &faults)
      if faults.count > 0, !skipBad || faults.isTooLong {
        throw BadRows(file: path, rows: faults.rows, count: faults.count, byLedger: false)
      }
      var refused = faults.rows
      var answer = try await store.importAccounts(rows, at: session.clock.now())
      if !answer.refused.isEmpty {
        guard skipBad else { throw ledgerRefused(path, answer.refused) }
        let lines = Set(answer.refused.map(\.line))
        refused += answer.refused
        answer = try await store.importAccounts(
          rows.filter { !lines.contains($0.line) }, at: session.clock.now())
      }
      return FileResult(rows: rows.count + faults.count, count: answer.count, refused: refused)
    }
  }

  func usage(_ files: [String]) async throws -> Answer {
    let store = try await session.store()
    return try await each(files, kind: "usage") { path in
      let bar = ProgressBar(path, session.output)
      defer { bar.finish() }
      let feed = try UsageFeed(path, skipBad: skipBad, onProgress: bar.show)
      let (count, refused) = try await store.importUsage(
        skipBad: skipBad, at: session.clock.now(), next: feed.next)
      if !refused.isEmpty, !skipBad { throw ledgerRefused(path, refused) }
      let faults = feed.faults
      return FileResult(
        rows: feed.rows + faults.count, count: count, refused: faults.rows + refused)
    }
  }

  func catalogs(_ files: [String]) async throws -> Answer {
    let store = try await session.store()
    return try await each(files, kind: "catalog") { path in
      let catalog = try CatalogFile.read(path)
      do {
        let count = try await store.importCatalog(catalog, at: session.clock.now())
        return FileResult(rows: 1, count: count, refused: [])
      } catch let error as StoreError {
        guard case .catalogDiffers = error else { throw error }
        throw FileFault(path, "\(error)")
      }
    }
  }

  private func ledgerRefused(_ path: String, _ rows: [RefusedRow]) -> BadRows {
    BadRows(file: path, rows: rows, count: rows.count, byLedger: true)
  }

  private func each(
    _ files: [String], kind: String, _ work: (String) async throws -> FileResult
  ) async throws -> Answer {
    var document = ImportDocument(kind: kind)
    for path in files {
      let started = ContinuousClock.now
      do {
        let result = try await work(path)
        let seconds = (ContinuousClock.now - started).asSeconds
        let rejected = try writeRejected(path, result.refused)
        document.files.append(.init(path, result, seconds: seconds, rejectedFile: rejected))
      } catch let bad as BadRows {
        document.files.append(.init(bad))
      } catch let fault as FileFault {
        document.files.append(.init(path, fault))
      }
    }
    for file in document.files { file.tell(session.output) }
    return Answer(
      document, text: document.files.compactMap { $0.line(kind) },
      status: document.files.contains { $0.problem != nil } ? .problem : .done)
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
  var refused: [RefusedRow]
}

extension Duration {
  var asSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
