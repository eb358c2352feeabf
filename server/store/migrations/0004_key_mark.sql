-- Up Migration

-- A mark of every key that this database was written with: a server with other keys would refuse every card and PIN.
create table key_mark (
  purpose text not null,
  key int not null,
  mark text not null,
  primary key (purpose, key)
);
