CREATE ROLE month_close_owner LOGIN PASSWORD '…';
CREATE ROLE month_close LOGIN PASSWORD '…';
CREATE ROLE month_close_operator LOGIN PASSWORD '…' IN ROLE month_close;
CREATE DATABASE month_close OWNER month_close_owner ENCODING 'UTF8' TEMPLATE template0;
