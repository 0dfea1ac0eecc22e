/// The SQL that gives PostgreSQL's roles their rights, in the order in which it is run.
public enum StoreRoles: String, Sendable, CaseIterable {
  case roles, schema, rights

  public var sql: String {
    let bytes =
      switch self {
      case .roles: PackageResources.roles_sql
      case .schema: PackageResources.schema_sql
      case .rights: PackageResources.rights_sql
      }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// By whom, where and when.
  public var instruction: String {
    switch self {
    case .roles: "as a superuser; replace each '…' with a password"
    case .schema: "as a superuser, in the new database"
    case .rights: "as the owner, after every `closectl init` that migrated the store"
    }
  }
}
