import CPostgres

/// What the server or the connection reported. Without details, which may contain personal data.
struct PostgreSQLError: Error {
  /// Five letters or digits; empty if the connection was lost.
  var state: String
  var message: String
  /// The connection is gone, and with it the transaction, unless its COMMIT was sent.
  var isLost: Bool
  /// The server was silent for too long: retrying at once is pointless.
  var isSilent = false

  init(state: String, message: String, isLost: Bool, isSilent: Bool = false) {
    self.state = state
    self.message = message
    self.isLost = isLost
    self.isSilent = isSilent
  }

  init(_ result: OpaquePointer?, _ connection: OpaquePointer) {
    func field(_ code: Character) -> String {
      guard let result, let byte = code.asciiValue,
        let text = PQresultErrorField(result, CInt(byte))
      else { return "" }
      return String(cString: text)
    }
    let constraint = field("n")
    state = field("C")
    message = field("M") + (constraint.isEmpty ? "" : " (\(constraint))")
    isLost = PQstatus(connection) == CONNECTION_BAD
    if message.isEmpty { message = "the connection was lost" }
  }

  /// Other transactions were in the way; the same transaction may succeed when run again.
  var isConflict: Bool { state == "40001" || state == "40P01" }
  /// Another transaction wrote a row that was absent when it was read, or a set contained a row
  /// twice.
  var isCollision: Bool { state == "23505" || state == "21000" }
}

/// PostgreSQL's codes translated to `StoreError`; `place` is server and database, without password.
enum PostgreSQLFault {
  /// Anything that is not a fault of the store is passed on unchanged.
  static func translated(_ error: any Error, place: String) -> any Error {
    guard let error = error as? PostgreSQLError else { return error }
    let text = "\(place): \(error.message)" + (error.state.isEmpty ? "" : " (\(error.state))")
    switch error.state {
    case "53100": return StoreError.full(place)
    case "25006": return StoreError.readOnly(place)
    case "28P01", "28000":
      return StoreError.invalid("\(text): check user and password of MONTHCLOSE_STORE_URL")
    case "3D000": return StoreError.invalid("\(text): create the database first")
    case "42501":
      return StoreError.invalid("\(text): the role lacks a right, see closectl store roles")
    case "XX001", "XX002": return StoreError.damaged(text)
    case "55P03":
      return StoreError.unreachable(
        "\(place): timed out waiting for rows or tables locked by another program (55P03)")
    default: break
    }
    switch error.state.prefix(2) {
    case "23", "22", "P0": return LedgerRefusal("\(error.message) (\(error.state))")
    case "", "08", "53", "57", "58", "40": return StoreError.unreachable(text)
    default: return error.isLost ? StoreError.unreachable(text) : StoreError.invalid(text)
    }
  }
}
