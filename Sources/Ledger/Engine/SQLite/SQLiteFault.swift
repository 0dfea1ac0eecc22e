import GRDB

/// SQLite's error codes in the words of `StoreError`.
enum SQLiteFault {
  /// Anything that is not a fault of the store is passed on unchanged.
  static func translated(_ error: any Error, path: String) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    if error.extendedResultCode == .SQLITE_READONLY_DBMOVED { return FileIdentity.moved(path) }
    switch error.resultCode {
    case .SQLITE_FULL: return StoreError.full(path)
    case .SQLITE_READONLY, .SQLITE_PERM: return StoreError.readOnly(path)
    case .SQLITE_CANTOPEN, .SQLITE_IOERR, .SQLITE_AUTH:
      return StoreError.unreachable("\(path): \(text(error))")
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
      return StoreError.unreachable("\(path): another program has locked it (\(text(error)))")
    case .SQLITE_CORRUPT: return StoreError.damaged("\(path): \(text(error))")
    case .SQLITE_NOTADB: return StoreError.damaged("\(path): \(text(error))")
    case .SQLITE_CONSTRAINT: return LedgerRefusal(text(error))
    // Never the statement: it says nothing to people, and may hold personal data.
    default: return StoreError.invalid("\(path): \(text(error))")
    }
  }

  /// The message alone: neither the statement nor its arguments, which may be personal data.
  private static func text(_ error: DatabaseError) -> String {
    let code = error.extendedResultCode.rawValue
    return "\(error.message ?? "no message") (SQLite \(code))"
  }
}
