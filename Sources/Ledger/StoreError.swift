/// A fault of the store that is not the program's: each says what is wrong and where.
public enum StoreError: Error, Equatable, CustomStringConvertible {
  case unreachable(String)
  case readOnly(String)
  /// Somebody else holds the lock that every writer takes, for longer than we wait for it. Reading
  /// goes on; nothing was written.
  case locked(String, heldBy: LockHolder?, seconds: Int)
  /// Newer than this program knows, and no longer fit for it.
  case newerSchema(found: Int, known: Int)
  case notInitialized(String)
  case olderSchema(found: Int, needed: Int)
  case full(String)
  case damaged(String)
  case catalogDiffers(currency: String, version: Int)
  case catalogNeverCounts(currency: String, version: Int, newer: Int)
  case invalid(String)

  public var description: String {
    switch self {
    case .unreachable(let why): "the store cannot be opened: \(why)"
    case .readOnly(let path): "the store \(path) is read-only; services need to write to it"
    case .locked(let path, let holder, let seconds):
      "the store cannot be written to: waited \(seconds) s for its lock \(path), held by "
        + (holder.map { "\($0)" } ?? "another program")
    case .newerSchema(let found, let known):
      "the store has schema \(found), which programs that know schema \(known) may no longer use: "
        + "start the newer version of this program, or restore an earlier backup"
    case .notInitialized(let path):
      "\(path) is not a month-close store yet: run `closectl init`, or name another one by "
        + "MONTHCLOSE_STORE_URL"
    case .olderSchema(let found, let needed):
      "the store has schema \(found), this program needs \(needed): run `closectl init`"
    case .full(let path): "no space left for the store \(path)"
    case .damaged(let why): "the store is damaged: \(why)"
    case .catalogDiffers(let currency, let version):
      "catalog \(currency) version \(version) is already stored with other content; "
        + "give the changed catalog a new version"
    case .catalogNeverCounts(let currency, let version, let newer):
      "catalog \(currency) version \(version) would price no month: version \(newer) is already "
        + "stored and prices all of its months; use a version above \(newer)"
    case .invalid(let what): "the store refuses: \(what)"
    }
  }
}

/// What the ledger refuses because it can never be right: an error of the program or of its input,
/// not of the store. Trying again does not help; the batch it was part of is undone.
public struct LedgerRefusal: Error, Equatable, CustomStringConvertible {
  public let reason: String

  public init(_ reason: String) {
    self.reason = reason
  }

  public var description: String { "the ledger refuses: \(reason)" }
}
