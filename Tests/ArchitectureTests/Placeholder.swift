import Testing
@Suite struct PlaceholderArchitectureTests { @Test func nothing() {} }
