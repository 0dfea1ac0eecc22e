import Glibc

/// The files of a store: the ledger, SQLite's two beside it, and the lock. They hold names,
/// addresses and payments, so no stranger on the machine may open them. A group keeps what it was
/// given, which lets several users share a ledger.
struct SQLiteFiles {
  let ledger: String

  init(_ path: String) { ledger = path }

  var lock: String { ledger + ".lock" }

  /// Also where the name leads nowhere.
  var isThere: Bool {
    var status = stat()
    return lstat(ledger, &status) == 0
  }

  /// Whoever may write the ledger may take its lock, nobody else.
  var lockMode: mode_t {
    var status = stat()
    let isShared = lstat(ledger, &status) == 0 && status.st_mode & 0o060 == 0o060
    return isShared ? 0o660 : PrivateFile.ownersOnly
  }

  /// SQLite follows links, and then two programs that name one ledger in two ways have two locks.
  /// It makes its other files with the rights of the ledger.
  func protect(creating: Bool) throws {
    do throws(PrivateFileFault) {
      try PrivateFile.requireRegular(ledger)
      if creating && !isThere { close(try PrivateFile.create(ledger)) }
    } catch .system(_, EEXIST) {
      // Somebody else makes it just now, and will have it regular.
    } catch {
      throw StoreError.invalid("\(error)")
    }
    for file in [ledger, ledger + "-wal", ledger + "-shm"] { PrivateFile.narrow(file, to: 0o770) }
  }
}
